//! Ten thousand TLS subscribers: until the last one has a change, what each costs in memory, and how soon the dead are
//! noticed.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

use crate::campus::space_of;
use crate::driver::Connection;
use crate::other::Other;
use crate::process::memory;
use crate::report::{Series, table};
use crate::service::{Place, Service, get};

const SUBSCRIBERS: u32 = 10_000;

/// Changes that are sent, each to Parvis and then to the bare loop; the first of each warms up.
const CHANGES: u32 = 9;

/// How long the dead may take to be noticed.
const PATIENCE: Duration = Duration::from_mins(1);

/// Subscribers of one server.
struct Audience {
    process: Other,
    secret: String,
    half: Series,
    last: Series,
}

impl Audience {
    fn gather(address: SocketAddr, secret: &str, name: &str) -> anyhow::Result<Self> {
        let (address, count) = (address.to_string(), SUBSCRIBERS.to_string());
        let mut process = Other::start(&["subscribe", &address, &count])?;
        process.hear()?;
        Ok(Self {
            process,
            secret: secret.to_owned(),
            half: Series::new(format!("{name}, ms until half have it")),
            last: Series::new(format!("{name}, ms until the last has it")),
        })
    }

    fn change(&mut self, figure: u32) -> anyhow::Result<()> {
        let order = format!("change {figure} {}", self.secret);
        let told = self.process.ask(&order)?;
        let mut words = told.split(' ');
        let mut next = || words.next().context("the subscribers tell nothing");
        let (half, last, count): (f64, f64, u32) =
            (next()?.parse()?, next()?.parse()?, next()?.parse()?);
        ensure!(
            count == SUBSCRIBERS,
            "{count} of {SUBSCRIBERS} subscribers got change {figure}"
        );
        if figure > 1 {
            self.half.add(half);
            self.last.add(last);
        }
        Ok(())
    }
}

pub(crate) fn measure(place: &Place, _: Duration) -> anyhow::Result<()> {
    if parvis::appliance::limits::raise_open_files() < u64::from(SUBSCRIBERS) * 5 / 4 {
        println!("\nLive streams: not measured: a process may open too few files");
        return Ok(());
    }
    let service = Service::start(place, "streams")?;
    let before = memory(service.process()?)?;
    let mut ours = Audience::gather(service.address, &service.secret, "Parvis")?;
    let address = Place::address(3)?;
    let _bare = Other::start(&[
        "broadcast",
        &address.to_string(),
        &event_size(&service)?.to_string(),
        &place.certificate().display().to_string(),
        &place.key().display().to_string(),
    ])?;
    std::thread::sleep(Duration::from_millis(300));
    let mut bare = Audience::gather(address, "none", "Bare loop")?;
    for figure in 1..=CHANGES {
        ours.change(figure)?;
        bare.change(figure)?;
        std::thread::sleep(Duration::from_millis(1_500));
    }
    let memory = memory(service.process()?)?.saturating_sub(before);
    table(
        &format!("A change to {SUBSCRIBERS} TLS subscribers (goal: the last in 140 ms)"),
        &ours.last,
        &[&bare.last],
    );
    table("The same", &ours.half, &[&bare.half]);
    println!("  Every subscriber got every change.");
    println!(
        "  Memory of Parvis: {} bytes a subscriber (goal: 24 KB)",
        memory / u64::from(SUBSCRIBERS)
    );
    println!("  {}", notice(&service, &mut ours.process)?);
    Ok(())
}

/// Kills all subscribers and waits until Parvis has noticed.
fn notice(service: &Service, subscribers: &mut Other) -> anyhow::Result<String> {
    let streams = service.metric("parvis_streams")?;
    ensure!(
        streams == u64::from(SUBSCRIBERS),
        "Parvis tells of {streams} streams"
    );
    let begin = Instant::now();
    subscribers.kill();
    while service.metric("parvis_streams")? > 0 {
        ensure!(
            begin.elapsed() < PATIENCE,
            "the dead are not noticed in {PATIENCE:?}"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    let seconds = begin.elapsed().as_secs_f64();
    Ok(format!(
        "All subscribers were killed; Parvis had noticed after {seconds:.1} s (must: 30 s)"
    ))
}

/// The size of an event: what the API tells of the space, with the fields around it.
fn event_size(service: &Service) -> anyhow::Result<usize> {
    let request = get(&format!("/api/v1/spaces/{}", space_of(0)));
    let mut connection = Connection::open(service.address, None)?;
    let body = connection.ask(&request)?.body.len();
    let around = "id: 1800000000000\nevent: space\ndata: \n\n";
    Ok(body + around.len())
}
