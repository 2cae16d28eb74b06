//! The machine it lives on: certificates, disks, the firewall, systemd, limits.

pub mod acme;
pub mod certificate;
pub mod cluster;
pub mod disk;
pub mod exchange;
pub mod files;
pub mod firewall;
pub mod limits;
pub mod listeners;
pub mod names;
pub mod releases;
pub mod systemd;
pub mod tls;
