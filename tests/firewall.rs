//! The firewall, tried from another network: real rules in the kernel, two machines that are network namespaces with a
//! cable between them, nmap on one side. Takes root.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use nix::sched::{CloneFlags, setns};

const RULES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/firewall");
const PORTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/firewall/ports.toml");

/// The machine with the firewall.
const INSIDE: [&str; 2] = ["10.77.0.1", "fd77::1"];
/// The machine on the other side of the cable.
const OUTSIDE: [&str; 2] = ["10.77.0.2", "fd77::2"];

/// How long a packet is waited for on a cable that takes no time.
const SOON: Duration = Duration::from_millis(600);

/// A network namespace, which lives as long as the process that holds it.
struct Machine(Child);

impl Machine {
    fn new() -> Self {
        let mut holder = Command::new("unshare")
            .args(["--net", "sh", "-c", "echo; exec sleep 600"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("unshare, of util-linux");
        let mut begun = [0];
        let stdout = holder.stdout.as_mut().unwrap();
        stdout
            .read_exact(&mut begun)
            .expect("a network of one's own: these tests take root");
        let machine = Self(holder);
        machine.run("ip", &["link", "set", "lo", "up"]);
        machine
    }

    fn network(&self) -> String {
        format!("/proc/{}/ns/net", self.0.id())
    }

    fn output(&self, program: &str, arguments: &[&str]) -> Output {
        Command::new("nsenter")
            .arg(format!("--net={}", self.network()))
            .arg(program)
            .args(arguments)
            .output()
            .unwrap()
    }

    fn run(&self, program: &str, arguments: &[&str]) -> String {
        let output = self.output(program, arguments);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "{program} {arguments:?}: {said}{error}"
        );
        said
    }

    /// Does something in the network of this machine. Sockets stay where they were made.
    fn within<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        let network = std::fs::File::open(self.network()).unwrap();
        std::thread::scope(|scope| {
            let there = scope.spawn(move || {
                setns(network.as_fd(), CloneFlags::CLONE_NEWNET).unwrap();
                work()
            });
            there.join().unwrap()
        })
    }

    /// Listens for connections of both families.
    fn listen(&self, port: u16) -> TcpListener {
        self.within(|| TcpListener::bind(("::", port)).unwrap())
    }

    /// Whether a connection is made.
    fn connects(&self, host: &str, port: u16, patience: Duration) -> bool {
        self.connect(host, port, patience).is_some()
    }

    fn connect(&self, host: &str, port: u16, patience: Duration) -> Option<TcpStream> {
        let address = SocketAddr::new(host.parse().unwrap(), port);
        self.within(|| TcpStream::connect_timeout(&address, patience).ok())
    }

    /// The ports that give any sign of life, as nmap lists them; `kind` is how it looks.
    fn answering(&self, host: &str, kind: &[&str]) -> Vec<String> {
        let mut arguments = vec!["-n", "-Pn", "--min-rate", "15000", "--max-retries", "1"];
        arguments.extend(["-oG", "-", host]);
        arguments.extend(kind);
        if host.contains(':') {
            arguments.push("-6");
        }
        let said = self.run("nmap", &arguments);
        let lines = said.lines().filter_map(|line| line.split_once("Ports: "));
        let ports = lines.flat_map(|(_, ports)| ports.split('\t').next().unwrap().split(", "));
        let mut answering: Vec<String> = ports
            .filter(|port| !port.is_empty())
            .filter(|port| !port.contains("/filtered/") && !port.contains("/open|filtered/"))
            .map(|port| port.split('/').take(3).collect::<Vec<_>>().join("/"))
            .collect();
        // What nmap does not list one by one it counts.
        let counted = said
            .lines()
            .find_map(|line| line.split_once("Ignored State: closed"));
        answering.extend(counted.map(|_| "closed ones".to_owned()));
        answering
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Two machines and a cable.
struct World {
    inside: Machine,
    outside: Machine,
    directory: PathBuf,
}

impl World {
    fn new(name: &str) -> Self {
        let (inside, outside) = (Machine::new(), Machine::new());
        let ends = [&inside, &outside].map(|machine| machine.0.id().to_string());
        let cable = ["link", "add", "wire", "netns", &ends[0], "type", "veth"];
        let other = ["peer", "name", "wire", "netns", &ends[1]];
        let made = Command::new("ip").args(cable).args(other).status().unwrap();
        assert!(made.success());
        for (machine, addresses) in [(&inside, INSIDE), (&outside, OUTSIDE)] {
            let [v4, v6] = addresses;
            machine.run("ip", &["addr", "add", &format!("{v4}/24"), "dev", "wire"]);
            machine.run(
                "ip",
                &["addr", "add", &format!("{v6}/64"), "dev", "wire", "nodad"],
            );
            machine.run("ip", &["link", "set", "wire", "up"]);
        }
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("firewall-{name}"));
        let _ = std::fs::remove_dir_all(&directory);
        std::fs::create_dir_all(&directory).unwrap();
        let world = Self {
            inside,
            outside,
            directory,
        };
        world.configure("");
        world
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.directory.join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    fn configure(&self, settings: &str) {
        let told = self.directory.join("told.json");
        self.write(
            "parvis.toml",
            &format!("{settings}\n[firewall]\ntold = \"{}\"\n", told.display()),
        );
    }

    fn parvis(&self, arguments: &[&str]) -> Output {
        let config = self.directory.join("parvis.toml").display().to_string();
        let all = [&["--config", &config][..], arguments].concat();
        self.inside.output(env!("CARGO_BIN_EXE_parvis"), &all)
    }

    /// `parvis firewall load`, with a list; what it says when it fails.
    fn load_list(&self, list: &str) -> Result<(), String> {
        let memory = self.directory.join("memory").display().to_string();
        let output = self.parvis(&["firewall", "load", "--list", list, "--memory", &memory]);
        if output.status.success() {
            return Ok(());
        }
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }

    fn load(&self) {
        self.load_list(PORTS).unwrap();
    }

    fn load_base(&self) {
        let base = format!("{RULES}/base.nft");
        self.inside
            .run("nft", &["--includepath", RULES, "--file", &base]);
    }

    /// A list as it is shipped, but that root does what Parvis does: there is no other user in these networks.
    fn list_of_root(&self) -> String {
        let text = std::fs::read_to_string(PORTS).unwrap();
        self.write(
            "ports.toml",
            &text.replace("user = \"parvis\"", "user = \"root\""),
        )
    }
}

const ALL_OF_TCP: [&str; 2] = ["-sS", "-p-"];
const MUCH_OF_UDP: [&str; 3] = ["-sU", "--top-ports", "100"];
const LISTED: [&str; 3] = ["22/open/tcp", "80/open/tcp", "443/open/tcp"];

#[test]
fn exactly_the_listed_ports_answer() {
    let world = World::new("listed");
    let ports = [22, 80, 443, 5432, 8099];
    let _listening = ports.map(|port| world.inside.listen(port));
    let _datagrams = world
        .inside
        .within(|| UdpSocket::bind("[::]:5353").unwrap());
    let scan = |kind: &[&str]| INSIDE.map(|host| world.outside.answering(host, kind));
    let nothing = [vec![], vec![]] as [Vec<String>; 2];
    // The scanner sees what is open as long as there is no firewall.
    let open = world
        .outside
        .answering(INSIDE[0], &["-sS", "-p", "22,8099,9999"]);
    assert_eq!(open, ["22/open/tcp", "8099/open/tcp", "9999/closed/tcp"]);
    let udp = world.outside.answering(INSIDE[0], &MUCH_OF_UDP);
    assert!(!udp.is_empty());

    world.load_base();
    assert_eq!(scan(&["-sS", "-p", "1-1024,5432,8099"]), nothing);

    world.load();
    assert_eq!(scan(&ALL_OF_TCP), [LISTED, LISTED]);
    assert_eq!(scan(&MUCH_OF_UDP), nothing);

    // Other settings, other rules, the same ports.
    world.configure("[mail]\nrelay = \"10.77.0.2\"\n");
    world.load();
    assert_eq!(scan(&ALL_OF_TCP), [LISTED, LISTED]);

    // A service whose name breaks the rules: nftables refuses them, and those in force stay.
    let text = std::fs::read_to_string(PORTS).unwrap();
    let broken = text.replace("service = \"HTTPS\"", "service = \"HTTPS\\nbroken\"");
    let refused = world.load_list(&world.write("broken.toml", &broken));
    assert!(refused.unwrap_err().contains("those in force stay"));
    assert_eq!(scan(&["-sS", "-p", "1-1024,5432,8099"]), [LISTED, LISTED]);
    assert_eq!(scan(&MUCH_OF_UDP), nothing);

    // The same before there was a policy: the base stays.
    world.load_base();
    assert!(
        world
            .load_list(&world.write("broken.toml", &broken))
            .is_err()
    );
    assert_eq!(scan(&["-sS", "-p", "1-1024,5432,8099"]), nothing);
}

#[test]
fn a_ban_silences_open_connections_and_outlives_a_reload() {
    let world = World::new("ban");
    world.load_base();
    world.load();
    let door = world.inside.listen(443);
    for (other, set, bystander) in [
        (OUTSIDE[0], "ban4", "10.77.0.3/24"),
        (OUTSIDE[1], "ban6", "fd77::3/64"),
    ] {
        let here = INSIDE[usize::from(set == "ban6")];
        let mut open = world.outside.connect(here, 443, SOON).unwrap();
        let mut accepted = door.accept().unwrap().0;
        accepted.set_read_timeout(Some(SOON)).unwrap();
        let mut heard = |stream: &mut TcpStream| {
            stream.write_all(b"x").unwrap();
            accepted.read_exact(&mut [0]).is_ok()
        };
        assert!(heard(&mut open));

        let banned = format!("{{ {other} timeout 1h }}");
        let ban = ["add", "element", "inet", "parvis_bans", set, &banned];
        world.inside.run("nft", &ban);
        assert!(!heard(&mut open), "an open connection of {other} goes on");
        assert!(!world.outside.connects(here, 443, SOON));

        world.configure(&format!("[mail]\nrelay = \"{other}\"\n"));
        world.load();
        assert!(!world.outside.connects(here, 443, SOON), "{other}");

        // Others come in.
        world
            .outside
            .run("ip", &["addr", "add", bystander, "dev", "wire", "nodad"]);
        let source = bystander.split('/').next().unwrap();
        let seen = world
            .outside
            .answering(here, &["-sS", "-p", "443", "-S", source, "-e", "wire"]);
        assert_eq!(seen, ["443/open/tcp"]);
        world
            .outside
            .run("ip", &["addr", "del", bystander, "dev", "wire"]);
    }
    // Who belongs to the campus is not banned.
    let told = world.directory.join("told.json");
    let campus = format!(
        "[firewall]\ntold = \"{}\"\ncampus_networks = [\"10.77.0.0/24\"]\n",
        told.display()
    );
    world.write("parvis.toml", &campus);
    world.load();
    assert!(world.outside.connects(INSIDE[0], 443, SOON));
    assert!(!world.outside.connects(INSIDE[1], 443, SOON));
}

#[test]
fn newcomers_of_one_source_are_slowed_down_and_others_are_not() {
    let world = World::new("pace");
    world.load_base();
    world.load();
    let _door = world.inside.listen(22);
    let come = |host: &str| {
        let address = SocketAddr::new(host.parse().unwrap(), 22);
        let patience = Duration::from_millis(60);
        world.outside.within(|| {
            let came = (0..60).filter(|_| TcpStream::connect_timeout(&address, patience).is_ok());
            came.count()
        })
    };
    // Twenty at once and one a second, over the four seconds or so that this takes.
    for host in INSIDE {
        let came = come(host);
        assert!((20..=30).contains(&came), "{came} to {host}");
    }
    let moves = |from: &str, to: &str| {
        let ip = |arguments: &[&str]| world.outside.run("ip", arguments);
        ip(&["addr", "del", from, "dev", "wire"]);
        // While IPv6 looks whether somebody else has an address, packets leave with that of the link: another source.
        ip(&["addr", "add", to, "dev", "wire", "nodad"]);
    };
    // Another address of the same /64 is the same source; another IPv4 address is another.
    moves("fd77::2/64", "fd77::9/64");
    moves("10.77.0.2/24", "10.77.0.9/24");
    let again = come(INSIDE[1]);
    assert!((1..15).contains(&again), "{again}");
    let other = come(INSIDE[0]);
    assert!(other >= 20, "{other}");
    // Loading the same rules again does not let them come again at once.
    world.load();
    let again = come(INSIDE[0]);
    assert!((1..15).contains(&again), "{again}");
}

#[test]
fn only_what_is_configured_is_reached() {
    let world = World::new("outbound");
    let list = world.list_of_root();
    let _relay = [587, 588].map(|port| world.outside.listen(port));
    let elsewhere = ["10.77.0.4", "fd77::4"];
    for (address, length) in elsewhere.iter().zip([24, 64]) {
        let address = format!("{address}/{length}");
        world
            .outside
            .run("ip", &["addr", "add", &address, "dev", "wire", "nodad"]);
    }
    world.load_base();
    let reaches = |host: &str, port| world.inside.connects(host, port, SOON);
    assert!(!reaches(OUTSIDE[0], 587));
    world.load_list(&list).unwrap();
    assert!(!reaches(OUTSIDE[0], 587), "nothing is configured");
    assert!(!reaches(OUTSIDE[1], 587), "nothing is configured");
    let asked = world.inside.within(|| {
        let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
        socket.send_to(b"?", (OUTSIDE[0], 53)).is_ok()
    });
    assert!(!asked, "root asks a name server");

    for relay in OUTSIDE {
        world.configure(&format!("[mail]\nrelay = \"{relay}\"\n"));
        world.load_list(&list).unwrap();
        assert!(reaches(relay, 587));
        assert!(!reaches(relay, 588), "another port");
        let family = usize::from(relay.parse::<IpAddr>().unwrap().is_ipv6());
        assert!(!reaches(elsewhere[family], 587), "another host");
        assert!(!reaches(OUTSIDE[1 - family], 587), "another family");
        // The shipped list gives mail to a user who is not root.
        world.load();
        assert!(!reaches(relay, 587), "another user");
    }

    let ports = "[firewall]\noutbound = \"ports\"\n[mail]\nrelay = \"smtp.invalid\"\n";
    world.write("parvis.toml", ports);
    world.load_list(&list).unwrap();
    assert!(reaches(elsewhere[0], 587) && reaches(elsewhere[1], 587));
    assert!(!reaches(elsewhere[0], 588));
}

#[test]
fn a_connection_to_what_is_told_meanwhile_gets_through() {
    let world = World::new("told");
    let list = world.list_of_root();
    let _provider = world.outside.listen(8443);
    world.load_base();
    world.load_list(&list).unwrap();
    let begun = Instant::now();
    let patience = Duration::from_secs(5);
    let connected = std::thread::scope(|scope| {
        let connecting = scope.spawn(|| world.inside.connects(OUTSIDE[0], 8443, patience));
        std::thread::sleep(Duration::from_millis(300));
        let told = r#"[{"kind": "identity-provider", "host": "10.77.0.2", "port": 8443}]"#;
        world.write("told.json", told);
        world.load_list(&list).unwrap();
        connecting.join().unwrap()
    });
    assert!(connected);
    assert!(
        begun.elapsed() >= Duration::from_millis(900),
        "before it was told"
    );
}

#[test]
fn nothing_is_forwarded() {
    let world = World::new("forward");
    let beyond = Machine::new();
    let end = beyond.0.id().to_string();
    let cable = [
        "link", "add", "far", "type", "veth", "peer", "name", "wire", "netns", &end,
    ];
    world.inside.run("ip", &cable);
    world
        .inside
        .run("ip", &["addr", "add", "10.78.0.1/24", "dev", "far"]);
    world.inside.run("ip", &["link", "set", "far", "up"]);
    world
        .inside
        .run("sysctl", &["-qw", "net.ipv4.ip_forward=1"]);
    beyond.run("ip", &["addr", "add", "10.78.0.2/24", "dev", "wire"]);
    beyond.run("ip", &["link", "set", "wire", "up"]);
    beyond.run("ip", &["route", "add", "default", "via", "10.78.0.1"]);
    world
        .outside
        .run("ip", &["route", "add", "default", "via", INSIDE[0]]);
    let _door = beyond.listen(443);
    let reaches = || world.outside.connects("10.78.0.2", 443, SOON);
    assert!(reaches(), "without a firewall it is a router");
    world.load_base();
    assert!(!reaches());
    world.load();
    assert!(!reaches());
}

#[test]
fn who_listens_without_being_listed_is_found() {
    let world = World::new("listeners");
    let check = || {
        let output = world.parvis(&["firewall", "check"]);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        (output.status.success(), said)
    };
    let _listed = [22, 80, 443].map(|port| world.inside.listen(port));
    let _local = world
        .inside
        .within(|| TcpListener::bind("127.0.0.1:5432").unwrap());
    let (is_well, said) = check();
    assert!(is_well, "{said}");
    let _stranger = world.inside.listen(8099);
    let _datagrams = world
        .inside
        .within(|| UdpSocket::bind("0.0.0.0:5353").unwrap());
    let (is_well, said) = check();
    assert!(!is_well);
    assert_eq!(said, "tcp [::]:8099 of root\nudp 0.0.0.0:5353 of root\n");
}
