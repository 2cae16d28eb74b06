//! `parvis issuer`: connects identity providers from files, lists them, and asks them what they are.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use clap::Subcommand;
use serde::Deserialize;

use super::open;
use crate::actions::manage_issuers;
use crate::actions::sign_in_with_provider::SignOn;
use crate::auth::oidc::authentication;
use crate::auth::sealing::Seal;
use crate::config::read_text;
use crate::domain::actor::Actor;
use crate::domain::ids::PersonId;
use crate::domain::issuer::{Configuration, ExpectationOf, Issuer};
use crate::web::block_on;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Add an identity provider as a file describes it, or change the one of that key.
    Apply {
        /// The description, TOML.
        file: PathBuf,
        /// A file with the client secret; `-` reads it from the standard input. Without one, the secret there is stays.
        #[arg(long)]
        secret_file: Option<PathBuf>,
    },
    /// List the identity providers, and the addresses that they must know.
    List,
    /// Ask an identity provider what it is.
    Check {
        /// Its key.
        key: String,
    },
    /// Take an identity provider away.
    Retire {
        /// Its key.
        key: String,
    },
    /// Expect an account: whoever signs in first with this claim is this person.
    Expect {
        /// The key of the identity provider.
        key: String,
        /// The number of the person.
        #[arg(long)]
        person: i32,
        /// The claim: `principal_name`, `mail` or a path.
        #[arg(long, default_value = "principal_name")]
        claim: String,
        /// Its value.
        #[arg(long)]
        value: String,
    },
}

/// A description with its key.
#[derive(Deserialize)]
struct Described {
    key: String,
}

pub(super) fn run(config: &Path, command: Command) -> anyhow::Result<()> {
    let parvis = open(config)?;
    let seal = Arc::new(Seal::ensure(&parvis.settings.auth.key_file)?);
    let sign_on = SignOn::new(&parvis, seal)?;
    let actor = Actor::console("operator");
    block_on(async { Ok(obey(&sign_on, &actor, command).await) })?
}

async fn obey(sign_on: &SignOn, actor: &Actor, command: Command) -> anyhow::Result<()> {
    match command {
        Command::Apply { file, secret_file } => {
            apply(sign_on, actor, &file, secret_file.as_deref()).await
        }
        Command::List => list(sign_on).await,
        Command::Check { key } => check(sign_on, actor, &key).await,
        Command::Retire { key } => Ok(manage_issuers::retire(sign_on, actor, &key).await?),
        Command::Expect {
            key,
            person,
            claim,
            value,
        } => {
            let expectation = ExpectationOf {
                person: PersonId(person),
                claim,
                value,
            };
            Ok(manage_issuers::expect(sign_on, actor, &key, expectation).await?)
        }
    }
}

async fn apply(
    sign_on: &SignOn,
    actor: &Actor,
    file: &Path,
    secret_file: Option<&Path>,
) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("{} cannot be read", file.display()))?;
    let issuer = described(&text).with_context(|| file.display().to_string())?;
    let secret = secret_file.map(secret).transpose()?;
    let key = issuer.key.clone();
    manage_issuers::save(sign_on, actor, issuer, secret.as_deref()).await?;
    println!("{key}: applied");
    addresses(sign_on, &key);
    Ok(())
}

/// The key stands beside the rest in the file, and apart from it in the database.
fn described(text: &str) -> anyhow::Result<Issuer> {
    let Described { key } = toml::from_str(text)?;
    let mut table: toml::Table = text.parse()?;
    table.remove("key");
    let configuration: Configuration = table.try_into()?;
    Ok(Issuer { key, configuration })
}

fn secret(file: &Path) -> anyhow::Result<String> {
    let text = read_text(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.is_empty() {
        bail!("the secret is empty");
    }
    Ok(secret.to_owned())
}

async fn list(sign_on: &SignOn) -> anyhow::Result<()> {
    let issuers = sign_on.offered().await?;
    if issuers.is_empty() {
        println!("No identity provider is connected: parvis issuer apply connects one.");
    }
    for issuer in issuers {
        let Issuer { key, configuration } = issuer;
        println!("{key}  {}  {}", configuration.name, configuration.issuer);
        addresses(sign_on, &key);
    }
    Ok(())
}

fn addresses(sign_on: &SignOn, key: &str) {
    println!("    redirect URI             {}", sign_on.redirect(key));
    println!("    post-logout redirect URI {}", sign_on.after_sign_out());
    println!("    back-channel logout URI  {}", sign_on.back_channel(key));
}

async fn check(sign_on: &SignOn, actor: &Actor, key: &str) -> anyhow::Result<()> {
    let metadata = match manage_issuers::check(sign_on, actor, key).await? {
        Ok(metadata) => metadata,
        Err(refusal) => bail!("{refusal}"),
    };
    let shown = manage_issuers::show(sign_on, actor, key).await?;
    let method = authentication(&metadata, &shown.issuer.configuration);
    let proof = if shown.has_secret {
        method.as_ref()
    } else {
        "none: there is no secret"
    };
    let further = metadata.additional_metadata();
    let yes = |is: bool| if is { "yes" } else { "no" };
    println!("issuer            {}", metadata.issuer().as_str());
    println!(
        "authorization     {}",
        metadata.authorization_endpoint().as_str()
    );
    println!("proof of client   {proof}");
    println!("keys              {}", metadata.jwks().keys().len());
    println!(
        "userinfo          {}",
        yes(metadata.userinfo_endpoint().is_some())
    );
    println!(
        "sign-out there    {}",
        yes(further.end_session_endpoint.is_some())
    );
    println!(
        "back-channel      {}",
        yes(further.backchannel_logout_supported)
    );
    println!(
        "names itself      {}",
        yes(further.authorization_response_iss_parameter_supported)
    );
    let report = sign_on.providers().report(metadata.issuer().as_str());
    if let Some((_, difference)) = report.difference {
        println!("its clock         {:+} s", difference.num_seconds());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_has_its_key_beside_the_rest() {
        let text = "key = \"campus\"\nname = \"Campus\"\nissuer = \"https://idp.uni.example\"\nclient_id = \"parvis\"\n\
            [[rules]]\nclaim = \"groups\"\noperator = \"equals\"\nvalue = \"a\"\nrole = \"reporting\"\n";
        let issuer = described(text).unwrap();
        assert_eq!(
            (issuer.key.as_str(), issuer.configuration.rules.len()),
            ("campus", 1)
        );
        assert!(described(&text.replace("client_id", "client")).is_err());
        assert!(described(&text.replace("key = \"campus\"\n", "")).is_err());
    }
}
