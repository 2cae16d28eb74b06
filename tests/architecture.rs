//! Who may import whom: the table in `src/lib.rs`, held against every line of `src/`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const TABLE: &str = include_str!("../src/lib.rs");

/// Names from outside that only some modules may use.
const OUTSIDE: [(&str, &[&str]); 5] = [
    ("diesel", &["persistence"]),
    ("actix", &["web"]),
    ("Utc::now", &["clock"]),
    ("SystemTime::now", &["clock"]),
    ("std::thread::spawn", &["ingest", "persistence", "commands"]),
];

/// Files and the line in them that breaks a rule.
fn violations(root: &Path) -> Vec<String> {
    let allowed = table();
    let mut found = Vec::new();
    for file in files(root) {
        let path = file.strip_prefix(root).unwrap();
        let module = path
            .iter()
            .next()
            .unwrap()
            .to_str()
            .unwrap()
            .trim_end_matches(".rs")
            .to_owned();
        let text = std::fs::read_to_string(&file).unwrap();
        // Tests inside a file may use what the file may use, and the crate's own names in strings are none of ours.
        for (number, line) in text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
        {
            let mut note =
                |what: &str| found.push(format!("src/{}:{}: {what}", path.display(), number + 1));
            for imported in imports(line) {
                let may = module == "lib"
                    || module == "main"
                    || module == imported
                    || module == "commands";
                if !may
                    && !allowed
                        .get(&module)
                        .is_some_and(|list| list.contains(&imported))
                {
                    note(&format!("{module} may not import {imported}"));
                }
            }
            for (name, owners) in OUTSIDE {
                let is_named = line.split('"').step_by(2).any(|code| names(code, name));
                if is_named && !owners.contains(&module.as_str()) {
                    note(&format!("only {} may name {name}", owners.join(", ")));
                }
            }
        }
    }
    found
}

/// The table: a module and what it may import.
fn table() -> BTreeMap<String, Vec<String>> {
    let rows = TABLE
        .lines()
        .skip_while(|line| !line.contains("| module | may import |"))
        .skip(2);
    let quoted = |text: &str| {
        text.split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let rows = rows.take_while(|line| line.starts_with("//! |"));
    rows.map(|row| {
        let mut cells = row.trim_start_matches("//! |").split('|');
        let module = quoted(cells.next().unwrap()).remove(0);
        (module, quoted(cells.next().unwrap()))
    })
    .collect()
}

/// The modules that a line imports from this crate.
fn imports(line: &str) -> Vec<String> {
    let word = |text: &str| {
        text.chars()
            .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
            .collect::<String>()
    };
    let mut modules = Vec::new();
    for (at, _) in line.match_indices("crate::") {
        let rest = &line[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(list) => modules.extend(
                list.split(',')
                    .map(|item| word(item.trim()))
                    .filter(|name| !name.is_empty()),
            ),
            None => modules.push(word(rest)),
        }
    }
    modules
}

/// Whether code names something: as a whole path or as its beginning.
fn names(code: &str, name: &str) -> bool {
    code.match_indices(name).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        before.is_none_or(|letter| !letter.is_alphanumeric() && letter != '_')
    })
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = entries
        .flat_map(|path| {
            if path.is_dir() {
                files(&path)
            } else {
                vec![path]
            }
        })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect();
    files.sort();
    files
}

#[test]
fn modules_import_only_what_the_table_allows() {
    let found = violations(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn a_forbidden_import_is_found() {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("architecture");
    let _ = std::fs::remove_dir_all(&root);
    std::fs::create_dir_all(root.join("domain")).unwrap();
    let text = "use crate::{persistence, error};\nlet now = Utc::now();\n// use crate::web;\nlet text = \"diesel\";\n";
    std::fs::write(root.join("domain/space.rs"), text).unwrap();
    assert_eq!(
        violations(&root),
        [
            "src/domain/space.rs:1: domain may not import persistence",
            "src/domain/space.rs:1: domain may not import error",
            "src/domain/space.rs:2: only clock may name Utc::now",
        ]
    );
}

/// Whether the imports of a module lead to another.
fn reaches(table: &BTreeMap<String, Vec<String>>, from: &str, to: &str) -> bool {
    table.get(from).is_some_and(|list| {
        list.iter()
            .any(|next| next == to || reaches(table, next, to))
    })
}

#[test]
fn every_module_is_in_the_table_and_imports_point_one_way() {
    let table = table();
    for module in TABLE
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
    {
        assert!(
            table.contains_key(module),
            "{module} is not in the table of src/lib.rs"
        );
    }
    for module in table.keys() {
        assert!(
            !reaches(&table, module, module),
            "{module} imports itself by a detour"
        );
    }
}

#[test]
fn every_file_opens_by_saying_what_it_is_for() {
    for file in files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let text = std::fs::read_to_string(&file).unwrap();
        let is_generated = text.starts_with("// @generated");
        assert!(
            is_generated || text.starts_with("//! "),
            "{} does not say what it is for",
            file.display()
        );
    }
}
