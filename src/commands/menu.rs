//! `parvis menu`: what operators do with the machine, as a list of numbers. It does nothing itself: each choice is a command
//! that may also be typed, run as the user that has the right to it.

use std::io::{BufRead as _, Write as _, stdin, stdout};
use std::path::Path;
use std::process::Command as Process;

use anyhow::Context as _;

/// The user of the service, who has the right to its database and its files.
const SERVICE: &str = "parvis";

/// The account that operators come in with.
const OPERATOR: &str = "operator";

/// A shell of root whose session is recorded.
const SHELL: &str = "/usr/lib/parvis/recorded-shell";

/// Who sits there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    /// Somebody who came in with a key.
    Operator,
    /// Somebody before the machine, of whom nothing is known.
    Passer,
}

/// What a choice does.
enum Choice {
    /// A command of Parvis.
    Parvis(&'static [&'static str]),
    /// A link for somebody who lost their password.
    Link,
    /// systemctl.
    System(&'static [&'static str]),
    /// The shell.
    Shell,
}

/// The choices. Before the machine there is only what does not let anybody into Parvis.
const CHOICES: [(&str, Choice, &[Who]); 10] = [
    (
        "Status, addresses, fingerprint of the certificate",
        Choice::Parvis(&["console", "--once"]),
        BOTH,
    ),
    ("Set the machine up", Choice::Parvis(&["setup"]), BOTH),
    (
        "Network and time servers",
        Choice::Parvis(&["network", "change"]),
        BOTH,
    ),
    (
        "Keep the change of the network that is being tried",
        Choice::Parvis(&["network", "keep"]),
        BOTH,
    ),
    (
        "Restart the service",
        Choice::System(&["restart", "parvis.service"]),
        BOTH,
    ),
    (
        "People: who is known",
        Choice::Parvis(&["person", "list"]),
        KNOWN,
    ),
    (
        "People: a link to choose a new password",
        Choice::Link,
        KNOWN,
    ),
    ("Restart the machine", Choice::System(&["reboot"]), BOTH),
    (
        "Switch the machine off",
        Choice::System(&["poweroff"]),
        BOTH,
    ),
    ("Full shell (recorded)", Choice::Shell, KNOWN),
];
const BOTH: &[Who] = &[Who::Operator, Who::Passer];
const KNOWN: &[Who] = &[Who::Operator];

pub(super) fn run(config: &Path) -> anyhow::Result<()> {
    show(config, Who::Operator)
}

/// The menu of whoever stands before the machine.
pub(super) fn at_the_console(config: &Path) -> anyhow::Result<()> {
    show(config, Who::Passer)
}

fn show(config: &Path, who: Who) -> anyhow::Result<()> {
    let choices: Vec<_> = CHOICES
        .iter()
        .filter(|(_, _, whose)| whose.contains(&who))
        .collect();
    loop {
        println!();
        for (number, (words, _, _)) in choices.iter().enumerate() {
            println!("{:3}  {words}", number + 1);
        }
        println!(
            "  0  {}",
            if who == Who::Operator {
                "Log out"
            } else {
                "Back"
            }
        );
        let Some(answer) = ask("> ")? else {
            return Ok(());
        };
        let chosen = match answer.parse::<usize>() {
            Ok(0) => return Ok(()),
            Ok(number) => choices.get(number - 1),
            Err(_) => None,
        };
        let Some((words, choice, _)) = chosen else {
            println!("Choose a number of the list.");
            continue;
        };
        // What fails is told, and the menu goes on.
        if let Err(error) = obey(config, choice, words) {
            println!("{error:#}");
        }
    }
}

fn obey(config: &Path, choice: &Choice, words: &str) -> anyhow::Result<()> {
    match choice {
        Choice::Parvis(arguments) => ours(config, arguments),
        Choice::Link => match ask("Login or e-mail address: ")? {
            Some(person) if !person.is_empty() && !person.starts_with('-') => {
                ours(config, &["person", "invite", &person])
            }
            Some(_) | None => Ok(()),
        },
        Choice::System(arguments) => {
            if ask(&format!("{words}? [yes/no]: "))?.as_deref() == Some("yes") {
                let mut command = Process::new("/usr/bin/systemctl");
                return finished(command.arg("--no-ask-password").args(*arguments));
            }
            Ok(())
        }
        Choice::Shell => finished(Process::new("/usr/bin/pkexec").args(["--user", "root", SHELL])),
    }
}

/// Runs a command of this program; operators as the user of the service, which a rule of polkit lets them.
fn ours(config: &Path, arguments: &[&str]) -> anyhow::Result<()> {
    let user = nix::unistd::User::from_uid(nix::unistd::getuid())?;
    let program = std::env::current_exe().context("this program")?;
    let mut command = if user.is_some_and(|user| user.name == OPERATOR) {
        let mut command = Process::new("/usr/bin/pkexec");
        command.args(["--user", SERVICE]).arg(program);
        command
    } else {
        Process::new(program)
    };
    finished(command.arg("--config").arg(config).args(arguments))
}

fn finished(command: &mut Process) -> anyhow::Result<()> {
    let program = command.get_program().display().to_string();
    let status = command.status().with_context(|| program.clone())?;
    if !status.success() {
        println!("({program} ended with {status})");
    }
    Ok(())
}

fn ask(question: &str) -> anyhow::Result<Option<String>> {
    print!("{question}");
    stdout().flush()?;
    let mut text = String::new();
    let read = stdin().lock().read_line(&mut text)?;
    Ok((read > 0).then(|| text.trim().to_owned()))
}
