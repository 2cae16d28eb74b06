//! A request for a certificate (PKCS#10) that an authority answers by hand: the key is made here, waits for the answer, and
//! never leaves the machine.

use std::fs;

use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::stack::Stack;
use openssl::x509::{X509Req, X509ReqBuilder};

use super::Files;
use super::files::unwritten;
use super::pair::common_name;
use super::self_made::{alternative_names, new_key};
use crate::error::Error;

const KEY: &str = "request-key.pem";
const REQUEST: &str = "request.csr";

/// Makes a key and a request for a name, in place of those that waited; returns what the authority is sent, PEM.
///
/// # Errors
/// When they cannot be written.
pub fn make(files: &Files, name: &str) -> Result<String, Error> {
    let key = new_key().map_err(Error::internal)?;
    let request = signed(name, Some(name), &key).map_err(Error::internal)?;
    let pem = request.to_pem().map_err(Error::internal)?;
    let private = key.private_key_to_pem_pkcs8().map_err(Error::internal)?;
    for (name, bytes) in [(KEY, &private), (REQUEST, &pem)] {
        files.write_beside(name, bytes)?;
    }
    Ok(String::from_utf8_lossy(&pem).into_owned())
}

/// The request that waits for its answer, if one does.
///
/// # Errors
/// When it cannot be read.
pub fn waiting(files: &Files) -> Result<Option<String>, Error> {
    read(files, REQUEST)
}

/// The key that waits, if one does.
///
/// # Errors
/// When it cannot be read.
pub fn key(files: &Files) -> Result<Option<PKey<Private>>, Error> {
    let Some(pem) = read(files, KEY)? else {
        return Ok(None);
    };
    let key = PKey::private_key_from_pem_passphrase(pem.as_bytes(), b"");
    key.map(Some).map_err(Error::internal)
}

/// Forgets both: the answer came.
///
/// # Errors
/// When they cannot be removed.
pub fn forget(files: &Files) -> Result<(), Error> {
    for name in [KEY, REQUEST] {
        files.remove_beside(name)?;
    }
    Ok(())
}

fn read(files: &Files, name: &str) -> Result<Option<String>, Error> {
    let path = files.beside(name);
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unwritten(&path, &error)),
    }
}

/// A request for a name, signed by its key. Authorities that answer by hand look at the common name; a directory does not
/// want one.
pub(in crate::appliance) fn signed(
    name: &str,
    subject: Option<&str>,
    key: &PKey<Private>,
) -> Result<X509Req, ErrorStack> {
    let mut builder = X509ReqBuilder::new()?;
    builder.set_version(0)?;
    if let Some(subject) = subject {
        let subject = common_name(subject)?;
        builder.set_subject_name(&subject)?;
    }
    builder.set_pubkey(key)?;
    let mut extensions = Stack::new()?;
    extensions.push(alternative_names(name).build(&builder.x509v3_context(None))?)?;
    builder.add_extensions(&extensions)?;
    builder.sign(key, MessageDigest::sha256())?;
    Ok(builder.build())
}
