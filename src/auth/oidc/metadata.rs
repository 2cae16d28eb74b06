//! What a provider says of itself, with what Parvis reads of it.

use openidconnect::core::{
    CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClient, CoreClientAuthMethod, CoreGrantType,
    CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm,
    CoreJwsSigningAlgorithm, CoreResponseMode, CoreResponseType, CoreSubjectIdentifierType,
};
use openidconnect::{
    AdditionalProviderMetadata, AuthType, ClientId, ClientSecret, EndpointMaybeSet, EndpointNotSet,
    EndpointSet, ProviderMetadata, RedirectUrl,
};
use serde::{Deserialize, Serialize};

use super::Client;
use super::refusal::{Code, Refusal};
use crate::domain::issuer::{ClientAuthentication, Configuration};

/// What a provider says of itself beside the essentials.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Further {
    /// Where to sign out.
    #[serde(default)]
    pub end_session_endpoint: Option<String>,
    /// Whether it names itself in its answers (RFC 9207).
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
    /// Whether it tells when a session ended.
    #[serde(default)]
    pub backchannel_logout_supported: bool,
}

impl AdditionalProviderMetadata for Further {}

/// What a provider says of itself, with its keys.
pub type Metadata = ProviderMetadata<
    Further,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// The client of the crate, with a provider's addresses.
pub(super) type Known = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// Signatures that only the holder of a private key can make. A shared secret proves nothing about who signed, and no
/// signature nothing at all.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// The signatures that are accepted of a provider: of those it announces, the good ones.
pub(super) fn algorithms(metadata: &Metadata) -> Vec<CoreJwsSigningAlgorithm> {
    let announced = metadata.id_token_signing_alg_values_supported();
    ALGORITHMS
        .into_iter()
        .filter(|algorithm| announced.contains(algorithm))
        .collect()
}

/// The crate's client for a provider.
///
/// # Errors
/// When the address to come back to is none.
pub(super) fn known(metadata: &Metadata, client: &Client<'_>) -> Result<Known, Refusal> {
    let redirect = RedirectUrl::new(client.redirect.to_owned())
        .map_err(|error| Refusal::because(Code::Discovery, &error))?;
    let secret = client
        .secret
        .map(|secret| ClientSecret::new(secret.to_owned()));
    let id = ClientId::new(client.configuration.client_id.clone());
    let known = CoreClient::from_provider_metadata(metadata.clone(), id, secret);
    let in_body = CoreClientAuthMethod::ClientSecretPost;
    let auth_type = if authentication(metadata, client.configuration) == in_body {
        AuthType::RequestBody
    } else {
        AuthType::BasicAuth
    };
    Ok(known.set_redirect_uri(redirect).set_auth_type(auth_type))
}

/// How Parvis proves to the token endpoint who asks.
#[must_use]
pub fn authentication(metadata: &Metadata, configuration: &Configuration) -> CoreClientAuthMethod {
    // Basic is what providers must take where they announce nothing.
    let in_header = match configuration.client_authentication {
        ClientAuthentication::ClientSecretBasic => true,
        ClientAuthentication::ClientSecretPost => false,
        ClientAuthentication::Announced => {
            takes(metadata, &CoreClientAuthMethod::ClientSecretBasic)
        }
    };
    if in_header {
        CoreClientAuthMethod::ClientSecretBasic
    } else {
        CoreClientAuthMethod::ClientSecretPost
    }
}

/// Whether a provider knows some way of proof that Parvis has too.
pub(super) fn takes_any(metadata: &Metadata) -> bool {
    [
        CoreClientAuthMethod::ClientSecretBasic,
        CoreClientAuthMethod::ClientSecretPost,
        CoreClientAuthMethod::None,
    ]
    .iter()
    .any(|method| takes(metadata, method))
}

fn takes(metadata: &Metadata, method: &CoreClientAuthMethod) -> bool {
    let announced = metadata.token_endpoint_auth_methods_supported();
    announced.map_or(
        *method == CoreClientAuthMethod::ClientSecretBasic,
        |methods| methods.contains(method),
    )
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use serde_json::json;

    use super::*;

    /// Whether a client can prove itself, and whether it does so in the body.
    fn proof(announced: &serde_json::Value, wanted: &str) -> (bool, bool) {
        let mut said = json!({
            "issuer": "https://idp.example",
            "authorization_endpoint": "https://idp.example/auth",
            "token_endpoint": "https://idp.example/token",
            "jwks_uri": "https://idp.example/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        });
        if !announced.is_null() {
            said["token_endpoint_auth_methods_supported"] = announced.clone();
        }
        let metadata: Metadata = serde_json::from_value(said).unwrap();
        let configuration: Configuration = toml::from_str(&format!(
            "name = \"Campus\"\nissuer = \"https://idp.example\"\nclient_id = \"parvis\"\n{wanted}"
        ))
        .unwrap();
        let client = Client {
            configuration: &configuration,
            secret: Some("secret"),
            redirect: "https://parvis.example/back",
            skew: TimeDelta::zero(),
        };
        let known = known(&metadata, &client).unwrap();
        let is_in_body = matches!(known.auth_type(), AuthType::RequestBody);
        (takes_any(&metadata), is_in_body)
    }

    #[test]
    fn the_secret_goes_where_the_provider_or_the_administrator_wants_it() {
        let post = "client_authentication = \"client_secret_post\"";
        let basic = "client_authentication = \"client_secret_basic\"";
        let both = json!(["client_secret_post", "client_secret_basic"]);
        for (announced, wanted, told) in [
            (json!(null), "", (true, false)),
            (both.clone(), "", (true, false)),
            (both.clone(), post, (true, true)),
            (json!(["client_secret_post"]), "", (true, true)),
            (json!(["client_secret_post"]), basic, (true, false)),
            (json!(["none"]), "", (true, true)),
            (json!(["private_key_jwt"]), "", (false, true)),
        ] {
            assert_eq!(proof(&announced, wanted), told, "{announced} {wanted}");
        }
    }
}
