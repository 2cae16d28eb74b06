//! The newest figure of every space, with a version that grows whenever something visible changes.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use tokio::sync::watch;

use super::view::SpaceView;
use crate::domain::campus::Campus;
use crate::domain::figure::Figure;
use crate::domain::ids::SpaceId;
use crate::domain::reading::Moment;
use crate::parvis::Parvis;

/// The board at one moment: never changes.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Grows with every visible change.
    pub version: u64,
    /// The campus, as the public sees it.
    pub campus: Arc<Campus>,
    /// The campus as it is described, to know whether it was described anew.
    described: Arc<Campus>,
    /// The newest figures.
    pub figures: HashMap<SpaceId, Figure>,
    /// The version with which each space last changed visibly.
    changed: BTreeMap<SpaceId, u64>,
    /// How each space last looked.
    seen: HashMap<SpaceId, SpaceView>,
}

impl Snapshot {
    /// The figure of a space.
    #[must_use]
    pub fn figure(&self, space: SpaceId) -> Figure {
        self.figures.get(&space).copied().unwrap_or(Figure::UNKNOWN)
    }

    /// A space now; `None` when there is none of that slug.
    #[must_use]
    pub fn view(&self, slug: &str, now: Moment, language: &str) -> Option<SpaceView> {
        let known = self.campus.space(slug)?;
        Some(SpaceView::of(
            &self.campus,
            known,
            self.figure(known.id),
            now,
            language,
        ))
    }

    /// All spaces now, in the order of their description.
    #[must_use]
    pub fn views(&self, now: Moment, language: &str) -> Vec<SpaceView> {
        let view = |known| SpaceView::of(&self.campus, known, self.figure(known.id), now, language);
        self.campus.spaces.iter().map(view).collect()
    }

    /// The slugs of the spaces that changed after a version, oldest change first.
    #[must_use]
    pub fn changed_after(&self, version: u64) -> Vec<String> {
        let mut changed: Vec<(u64, SpaceId)> = self
            .changed
            .iter()
            .filter(|(_, at)| **at > version)
            .map(|(space, at)| (*at, *space))
            .collect();
        changed.sort_unstable();
        let slug = |space| Some(self.campus.space_by_id(space)?.space.slug.clone());
        changed
            .into_iter()
            .filter_map(|(_, space)| slug(space))
            .collect()
    }
}

/// The board.
#[derive(Debug)]
pub struct Board {
    parvis: Arc<Parvis>,
    snapshot: ArcSwap<Snapshot>,
    versions: watch::Sender<u64>,
    /// One change at a time; readers never wait.
    writing: Mutex<()>,
}

impl Board {
    /// A board without figures. Versions begin at the present in milliseconds, so that they grow over restarts too.
    #[must_use]
    pub fn new(parvis: Arc<Parvis>) -> Self {
        let version = u64::try_from(parvis.clock.now().timestamp_millis()).unwrap_or(1);
        let described = parvis.campus();
        let snapshot = Snapshot {
            version,
            campus: published(&described),
            described,
            figures: HashMap::new(),
            changed: BTreeMap::new(),
            seen: HashMap::new(),
        };
        Self {
            parvis,
            snapshot: ArcSwap::from_pointee(snapshot),
            versions: watch::Sender::new(version),
            writing: Mutex::new(()),
        }
    }

    /// The board as it is now.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// A sign that is given whenever there is a newer version.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.versions.subscribe()
    }

    /// How many are watching.
    #[must_use]
    pub fn watchers(&self) -> usize {
        self.versions.receiver_count()
    }

    /// Figures changed.
    pub fn post(&self, changed: &[(SpaceId, Figure)]) {
        self.renew(changed);
    }

    /// Time passed, or the campus is described differently: what was open may be closed.
    pub fn look_again(&self) {
        self.renew(&[]);
    }

    fn renew(&self, changed: &[(SpaceId, Figure)]) {
        let _one = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.parvis.clock.now();
        let mut next = Snapshot::clone(&self.snapshot());
        let before = next.version;
        let described = self.parvis.campus();
        if !Arc::ptr_eq(&described, &next.described) {
            // Pages show more of it than figures.
            next.version = before + 1;
            next.campus = published(&described);
            next.described = described;
        }
        let campus = Arc::clone(&next.campus);
        next.figures.extend(changed.iter().copied());
        let is_all = changed.is_empty();
        for known in &campus.spaces {
            if is_all || changed.iter().any(|(space, _)| *space == known.id) {
                let view = SpaceView::of(&campus, known, next.figure(known.id), now, "");
                if next
                    .seen
                    .get(&known.id)
                    .is_none_or(|seen| !seen.looks_like(&view))
                {
                    next.version = before + 1;
                    next.changed.insert(known.id, before + 1);
                    next.seen.insert(known.id, view);
                }
            }
        }
        let version = next.version;
        self.snapshot.store(Arc::new(next));
        if version > before {
            self.versions.send_replace(version);
        }
    }
}

/// What the public sees of a campus.
fn published(campus: &Arc<Campus>) -> Arc<Campus> {
    if campus.has_drafts() {
        Arc::new(campus.published())
    } else {
        Arc::clone(campus)
    }
}
