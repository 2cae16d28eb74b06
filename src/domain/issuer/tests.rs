//! Descriptions of identity providers that can work, and those that can not.

use serde_json::json;

use super::*;

fn issuer(change: impl FnOnce(&mut Configuration)) -> Issuer {
    let text = "name = \"Campus\"\nissuer = \"https://idp.uni.example\"\nclient_id = \"parvis\"";
    let mut configuration: Configuration = toml::from_str(text).unwrap();
    change(&mut configuration);
    Issuer {
        key: "campus".to_owned(),
        configuration,
    }
}

fn refused(change: impl FnOnce(&mut Configuration)) -> String {
    issuer(change).check(false).unwrap_err().to_string()
}

fn rule(text: &str) -> Rule {
    toml::from_str(text).unwrap()
}

#[test]
fn the_least_description_is_enough() {
    let issuer = issuer(|_| {});
    assert_eq!(issuer.check(false), Ok(()));
    assert_eq!(issuer.configuration.no_match, NoMatch::Refuse);
    let text = serde_json::to_string(&issuer.configuration).unwrap();
    assert_eq!(
        serde_json::from_str::<Configuration>(&text).unwrap(),
        issuer.configuration
    );
}

#[test]
fn an_address_that_cannot_work_is_refused_with_what_to_do() {
    let with = |address: &str| refused(|issuer| issuer.issuer = address.to_owned());
    assert!(with("http://idp.uni.example").contains("https://"));
    assert!(with("http://127.0.0.1:8080").contains("https://"));
    assert!(with("idp.uni.example").contains("no address"));
    assert!(with("https://idp.uni.example/?a=b").contains("without"));
    assert!(with("https://idp.uni.example/.well-known/openid-configuration").contains("leave out"));
    for tenant in ENTRA_COMMON {
        let address = format!("https://login.microsoftonline.com/{tenant}/v2.0");
        assert!(with(&address).contains("TENANT-ID"), "{tenant}");
    }
    let tenant = "https://login.microsoftonline.com/5a1b0000-0000-4000-8000-000000000000/v2.0";
    assert_eq!(
        issuer(|issuer| issuer.issuer = tenant.to_owned()).check(false),
        Ok(())
    );
    let loopback = |address: &str| issuer(|issuer| issuer.issuer = address.to_owned()).check(true);
    assert_eq!(loopback("http://127.0.0.1:8080"), Ok(()));
    assert_eq!(loopback("http://[::1]:8080"), Ok(()));
    assert!(loopback("http://idp.uni.example").is_err());
    assert!(loopback("http://127.0.0.1.evil.example").is_err());
}

#[test]
fn rules_that_cannot_work_are_refused_by_number() {
    let with = |text: &str| refused(|issuer| issuer.rules = vec![rule(text)]);
    let scoped = "claim = \"scoped_affiliation\"\noperator = \"equals\"\nvalue = \"staff@uni.example\"\nrole = \"execution\"";
    assert!(with(scoped).starts_with("rules[1]: \"scoped_affiliation\" ends in a domain"));
    let nothing = "claim = \"groups\"\noperator = \"equals\"\nrole = \"execution\"";
    assert!(with(nothing).contains("one value"));
    let placed = "claim = \"groups\"\noperator = \"present\"\nrole = \"security-officer\"\nsite = \"library\"";
    assert!(with(placed).contains("no site"));
    assert!(refused(|issuer| issuer.scopes = vec!["email".to_owned()]).contains("openid"));
    assert!(
        refused(|issuer| issuer.domains = vec!["@uni.example".to_owned()]).contains("without @")
    );
    assert!(
        refused(|issuer| {
            issuer.split.insert("groups".to_owned(), "|".to_owned());
        })
        .contains("split.groups")
    );
}

#[test]
fn a_second_factor_is_believed_only_where_the_id_token_tells_of_it() {
    let claims = |id_token: serde_json::Value, userinfo: serde_json::Value| Claims {
        id_token: id_token.as_object().unwrap().clone(),
        userinfo: userinfo.as_object().unwrap().clone(),
    };
    let claimed = issuer(|_| {}).configuration;
    let mfa = json!({ "acr": "https://refeds.org/profile/mfa" });
    assert!(claimed.is_strong(&claims(mfa.clone(), json!({}))));
    assert!(claimed.is_strong(&claims(json!({ "amr": ["pwd", "otp"] }), json!({}))));
    assert!(!claimed.is_strong(&claims(json!({ "amr": ["pwd"], "acr": "1" }), mfa)));
    let always = issuer(|issuer| issuer.second_factor = SecondFactor::Always).configuration;
    assert!(always.is_strong(&claims(json!({}), json!({}))));
}

#[test]
fn an_expected_account_is_known_by_its_claim_and_only_within_the_domains() {
    let issuer = issuer(|issuer| issuer.domains = vec!["uni.example".to_owned()]).configuration;
    let expected = Expectation {
        id: 1,
        person: crate::domain::ids::PersonId(1),
        claim: "principal_name".to_owned(),
        value: "ada@uni.example".to_owned(),
    };
    let meets = |eppn: &str| {
        let id_token = json!({ "eduPersonPrincipalName": eppn });
        let claims = Claims {
            id_token: id_token.as_object().unwrap().clone(),
            ..Claims::default()
        };
        expected.is_met(&issuer.reading(&claims))
    };
    assert!(meets("Ada@uni.example"));
    assert!(!meets("ada@other.example"));
    assert!(!meets("eve@uni.example"));
}
