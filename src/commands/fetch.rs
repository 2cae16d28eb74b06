//! `parvis fetch`: what the server of releases offers, for `parvis-fetch@.service`, which may read no settings.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;

use crate::appliance::releases::fetch::{Extent, Server, fetch};
use crate::appliance::releases::image;
use crate::web::block_on;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// How much: `list` or `release`.
    extent: Extent,
    /// Where it is put.
    directory: PathBuf,
    /// The file that names the server.
    server: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let unusable = || format!("{} names no server", arguments.server.display());
    let text = std::fs::read_to_string(&arguments.server).with_context(unusable)?;
    let server: Server = serde_json::from_str(&text).with_context(unusable)?;
    let (image, _) = image()?;
    let Arguments {
        extent, directory, ..
    } = arguments;
    block_on(async { Ok(fetch(&server, &image, *extent, directory).await) })??;
    Ok(())
}
