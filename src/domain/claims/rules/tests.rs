//! The rules on the shapes in which universities release claims.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::domain::claims::{Claims, Meaning, Names, Splits};

/// Applies rules to claims in an ID token and at userinfo.
fn given(
    rules: &[Rule],
    id_token: &Value,
    userinfo: &Value,
    splits: &[(&str, &str)],
) -> Result<Vec<Given>, Elsewhere> {
    let claims = Claims {
        id_token: id_token.as_object().unwrap().clone(),
        userinfo: userinfo.as_object().unwrap().clone(),
    };
    let splits: Splits = splits
        .iter()
        .map(|(path, letters)| ((*path).to_owned(), (*letters).to_owned()))
        .collect();
    let reading = Reading {
        claims: &claims,
        names: &Names::new(),
        splits: &splits,
        domains: &["uni.example".to_owned()],
    };
    judge(rules, &reading).given
}

fn rule(claim: &str, operator: Operator, value: &[&str]) -> Rule {
    Rule {
        claim: claim.to_owned(),
        operator,
        value: value.iter().map(|&value| value.to_owned()).collect(),
        role: Role::Execution,
        site: Some("library".to_owned()),
    }
}

fn gives(rules: &[Rule], id_token: &Value) -> bool {
    !given(rules, id_token, &json!({}), &[]).unwrap().is_empty()
}

#[test]
fn each_operator_compares_each_value_by_itself() {
    let claims = json!({ "groups": ["/parvis/admins", "porters"], "level": 7 });
    let cases = [
        (Operator::Equals, vec!["porters"], true),
        (Operator::Equals, vec!["porter"], false),
        (Operator::Equals, vec!["Porters"], false),
        (Operator::Contains, vec!["admin"], true),
        (Operator::Contains, vec!["adminsporters"], false),
        (Operator::StartsWith, vec!["/parvis/"], true),
        (Operator::StartsWith, vec!["parvis"], false),
        (Operator::EndsWith, vec!["/admins"], true),
        (Operator::EndsWith, vec!["admin"], false),
        (Operator::OneOf, vec!["guards", "porters"], true),
        (Operator::OneOf, vec!["guards", "cooks"], false),
        (Operator::Present, vec![], true),
        // An empty value would begin, end and be a part of everything.
        (Operator::Contains, vec![""], false),
        (Operator::StartsWith, vec![""], false),
        (Operator::EndsWith, vec![], false),
    ];
    for (operator, value, expected) in cases {
        let rule = rule("groups", operator, &value);
        assert_eq!(
            gives(std::slice::from_ref(&rule), &claims),
            expected,
            "{rule}"
        );
    }
    assert!(gives(&[rule("level", Operator::Equals, &["7"])], &claims));
    assert!(!gives(&[rule("absent", Operator::Present, &[])], &claims));
}

#[test]
fn an_affiliation_of_another_university_gives_nothing() {
    let staff = [rule(
        "scoped_affiliation",
        Operator::StartsWith,
        &["staff@"],
    )];
    let with = |value: Value| gives(&staff, &json!({ "eduperson_scoped_affiliation": value }));
    assert!(with(json!(["staff@uni.example"])));
    assert!(with(json!("staff@UNI.example")));
    for foreign in [
        "staff@other.example",
        "staff@notuni.example",
        "staff@uni.example.evil",
        "staff@uni.example@other.example",
        "staff@other.example@uni.example",
        "staff@",
        "staff",
        "@uni.example",
    ] {
        assert!(!with(json!([foreign])), "{foreign}");
    }
    // A rule that names the claim itself is no way around.
    for path in Meaning::ScopedAffiliation.usual() {
        let rules = [rule(path, Operator::StartsWith, &["staff@"])];
        assert!(
            !gives(&rules, &json!({ *path: "staff@other.example" })),
            "{path}"
        );
    }
}

#[test]
fn groups_that_were_left_out_are_an_error_and_not_no_groups() {
    let reads_groups = [
        rule("affiliation", Operator::Equals, &["staff"]),
        rule("groups", Operator::Equals, &["porters"]),
    ];
    let left_out = [
        json!({ "affiliation": "staff", "hasgroups": true }),
        json!({ "affiliation": "staff", "hasgroups": "true" }),
        json!({ "affiliation": "staff", "_claim_names": { "groups": "src1" }, "_claim_sources": { "src1": {} } }),
    ];
    for claims in &left_out {
        let elsewhere = given(&reads_groups, claims, &json!({}), &[]).unwrap_err();
        assert_eq!(elsewhere.claim, "groups");
        assert!(given(&reads_groups, &json!({}), claims, &[]).is_err());
        assert_eq!(
            given(&reads_groups[..1], claims, &json!({}), &[])
                .unwrap()
                .len(),
            1
        );
        // What did arrive at the other place can be read.
        let rest = json!({ "groups": ["porters"] });
        assert_eq!(
            given(&reads_groups[1..], claims, &rest, &[]).unwrap().len(),
            1
        );
    }
}

#[test]
fn what_is_in_the_id_token_wins_and_userinfo_completes_it() {
    let rules = [rule("groups", Operator::Equals, &["porters"])];
    let (has, has_not) = (json!({ "groups": "porters" }), json!({ "groups": "cooks" }));
    assert_eq!(given(&rules, &json!({}), &has, &[]).unwrap().len(), 1);
    assert_eq!(given(&rules, &has_not, &has, &[]).unwrap().len(), 0);
    assert_eq!(
        given(&rules, &json!({ "groups": [] }), &has, &[])
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn a_role_comes_once_with_the_first_rule_that_gives_it() {
    let rules = [
        rule("groups", Operator::Equals, &["cooks"]),
        rule("groups", Operator::Contains, &["port"]),
        rule("groups", Operator::Equals, &["porters"]),
        Rule {
            site: None,
            ..rule("groups", Operator::Present, &[])
        },
    ];
    let given = given(&rules, &json!({ "groups": ["porters"] }), &json!({}), &[]).unwrap();
    let told: Vec<_> = given
        .iter()
        .map(|given| {
            (
                given.rule,
                given.value.as_str(),
                given.grant.site.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [(1, "porters", Some("library")), (3, "porters", None)]
    );
}

#[test]
fn a_rule_is_read_from_toml() {
    let rule: Rule = toml::from_str(
        "claim = \"groups\"\noperator = \"one-of\"\nvalue = [\"a\", \"b\"]\nrole = \"reporting\"\n",
    )
    .unwrap();
    assert_eq!((rule.value.len(), rule.site), (2, None));
    let wrong = "claim = \"groups\"\noperator = \"regex\"\nvalue = \"a\"\nrole = \"reporting\"\n";
    assert!(toml::from_str::<Rule>(wrong).is_err());
}

/// A value among others, in the shapes in which providers send it.
fn shapes(path: &str, value: &str, others: &[String]) -> Vec<(Value, Vec<(String, String)>)> {
    let mut all = others.to_vec();
    all.push(value.to_owned());
    let joined = |separator: &str| all.join(separator);
    let nested = path.rsplit_once('.').map_or_else(
        || json!({ path: all }),
        |(outer, inner)| json!({ outer: { inner: all } }),
    );
    let split = |letters: &str| vec![(path.to_owned(), letters.to_owned())];
    vec![
        (json!({ path: all }), vec![]),
        (json!({ path: value }), vec![]),
        (nested, vec![]),
        (json!({ path: joined(" ") }), split(" ")),
        (json!({ path: joined("; ") }), split(";")),
        (json!({ path: joined(",") }), split(",")),
        (json!({ path: joined(", ") }), split(" ;,")),
    ]
}

proptest! {
    #[test]
    fn the_shape_of_a_claim_does_not_matter(
        value in "[a-z:/@-]{1,20}", others in prop::collection::vec("[a-z]{1,8}", 0..4),
        path in "[a-z_]{1,10}(\\.[a-z_]{1,10}){0,2}",
    ) {
        prop_assume!(Meaning::named(&path).is_none() && !Reading::is_scoped(&Names::new(), &path));
        let rules = [rule(&path, Operator::Equals, &[&value])];
        for (claims, splits) in shapes(&path, &value, &others) {
            let splits: Vec<(&str, &str)> = splits.iter().map(|(path, letters)| (path.as_str(), letters.as_str())).collect();
            for (id_token, userinfo) in [(&claims, &json!({})), (&json!({}), &claims)] {
                let given = given(&rules, id_token, userinfo, &splits).unwrap();
                prop_assert_eq!(given.len(), 1, "{}", claims);
                prop_assert_eq!(&given[0].value, &value);
            }
        }
    }

    #[test]
    fn every_usual_name_of_a_fact_is_found(which in 0..Meaning::ALL.len(), at in any::<prop::sample::Index>()) {
        let meaning = Meaning::ALL[which];
        let path = *at.get(meaning.usual());
        let value = if meaning.is_scoped() { "staff@uni.example" } else { "staff" };
        let rules = [rule(meaning.name(), Operator::Equals, &[value])];
        let claims = json!({ path: value });
        prop_assert!(gives(&rules, &claims), "{}", claims);
    }

    #[test]
    fn no_scope_but_an_allowed_one_gives_anything(scope in "[a-z@.]{0,20}", operator in 0..Operator::ALL.len()) {
        prop_assume!(!scope.eq_ignore_ascii_case("uni.example"));
        let rules = [rule("scoped_affiliation", Operator::ALL[operator], &["staff"])];
        let claims = json!({ "eduperson_scoped_affiliation": [format!("staff@{scope}")] });
        prop_assert!(!gives(&rules, &claims));
    }

    #[test]
    fn a_group_with_a_space_in_its_name_is_one_group(name in "[a-z]{1,8} [a-z]{1,8}") {
        let first = name.split(' ').next().unwrap();
        let claims = json!({ "groups": name });
        prop_assert!(gives(&[rule("groups", Operator::Equals, &[&name])], &claims));
        prop_assert!(!gives(&[rule("groups", Operator::Equals, &[first])], &claims));
    }
}
