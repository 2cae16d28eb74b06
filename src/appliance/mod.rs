//! The machine it lives on: certificates, disks, systemd, limits.

pub mod acme;
pub mod certificate;
pub mod cluster;
pub mod disk;
pub mod limits;
pub mod systemd;
pub mod tls;
