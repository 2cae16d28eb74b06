//! A live answer and a live page, against nginx with a file of the same bytes and headers.

use std::time::Duration;

use anyhow::ensure;

use crate::campus::space_of;
use crate::driver::{Connection, Same, drive};
use crate::fleet::Fleet;
use crate::nginx::Nginx;
use crate::report::{Series, table};
use crate::service::{Place, Service, get};

const ROUNDS: usize = 5;
const CONNECTIONS: usize = 64;

pub(crate) fn measure(place: &Place, time: Duration) -> anyhow::Result<()> {
    let service = Service::start(place, "pages")?;
    // Every space gets figures to show.
    let mut fleet = Fleet::new(&service.secret, 0..64, 1);
    fleet.skip_to_now();
    drive(service.address, vec![fleet], Duration::ZERO, &[])?;
    let page = format!("/spaces/{}", space_of(0));
    for path in ["/api/v1/spaces", page.as_str()] {
        compare(place, &service, path, time)?;
    }
    Ok(())
}

fn compare(place: &Place, service: &Service, path: &str, time: Duration) -> anyhow::Result<()> {
    let request = get(path);
    let mut connection = Connection::open(service.address, None)?;
    let protocol = connection.protocol();
    let answer = connection.ask(&request)?;
    ensure!(answer.is_success(), "{path} is not answered");
    let (head, body) = (answer.head.to_vec(), answer.body.to_vec());
    let title = format!(
        "GET {path}, {} bytes, {CONNECTIONS} connections, {protocol} (CPU: server + load)",
        body.len()
    );
    let mut ours = Series::new("Parvis, requests/s");
    let Some(nginx) = Nginx::start(place, &head, &body)? else {
        let outcome = drive(service.address, same(&request), time, &[service.process()?])?;
        ours.add_outcome(&outcome, 1.0);
        let reference = Series::new("nginx: not measured: it is not installed");
        table(&title, &ours, &[&reference]);
        return Ok(());
    };
    let mut connection = Connection::open(nginx.address, None)?;
    let theirs = connection.protocol();
    let is_same = theirs == protocol && connection.ask(&request)?.body == body;
    ensure!(
        is_same,
        "nginx does not answer the same bytes over the same TLS"
    );
    let mut file = Series::new("nginx, a file of the same bytes, requests/s");
    for _ in 0..ROUNDS {
        for (address, process, series) in [
            (service.address, service.process()?, &mut ours),
            (nginx.address, nginx.process()?, &mut file),
        ] {
            let outcome = drive(address, same(&request), time, &[process])?;
            let refused = outcome.refusals;
            ensure!(refused == 0, "{refused} requests were refused");
            series.add_outcome(&outcome, 1.0);
        }
    }
    table(&title, &ours, &[&file]);
    Ok(())
}

fn same(request: &[u8]) -> Vec<Same<'_>> {
    (0..CONNECTIONS).map(|_| Same(request)).collect()
}
