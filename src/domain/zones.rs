//! The zone graph: which channels make the figure of each space, and with which sign.
//!
//! A passage is a directed edge. A person who crosses it enters every space that holds its end but not its start, and
//! leaves every space that holds its start but not its end. So a building counts at its outer doors only, a floor at its
//! own, and people who move inside a building are not counted in it again.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::ids::{ChannelId, SpaceId};

/// What a movement through a channel means for a space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crossing {
    /// The space.
    pub space: SpaceId,
    /// Whether forward movements enter it (and backward ones leave it), or the other way round.
    pub forward_enters: bool,
}

impl Crossing {
    /// The entries and exits that movements forward and backward are to the space.
    #[must_use]
    pub const fn flow(self, forward: i64, backward: i64) -> (i64, i64) {
        if self.forward_enters {
            (forward, backward)
        } else {
            (backward, forward)
        }
    }
}

/// What a space's figure is made of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Source {
    /// Channels that see how many people there are: the figure is their sum.
    Levels(Vec<ChannelId>),
    /// Channels at the passages around it.
    Flows(Vec<ChannelId>),
    /// The spaces it is made of: the figure is their sum.
    Parts(Vec<SpaceId>),
    /// Nothing measures it.
    #[default]
    Nothing,
}

/// One counted edge of the graph: a channel at a passage, in the direction of its forward.
#[derive(Debug, Clone, Copy)]
pub struct Edge {
    /// The channel.
    pub channel: ChannelId,
    /// Where forward comes from; outside is `None`.
    pub from: Option<SpaceId>,
    /// Where forward leads to; outside is `None`.
    pub to: Option<SpaceId>,
}

/// The zone graph, resolved.
#[derive(Debug, Clone, Default)]
pub struct Zones {
    crossings: HashMap<ChannelId, Vec<Crossing>>,
    levels: HashMap<ChannelId, SpaceId>,
    sources: BTreeMap<SpaceId, Source>,
}

impl Zones {
    /// Resolves the tree of spaces (each with its parent), the counted edges, and the channels that see a whole space.
    #[must_use]
    pub fn resolve(
        parents: &BTreeMap<SpaceId, Option<SpaceId>>,
        edges: &[Edge],
        levels: &[(ChannelId, SpaceId)],
    ) -> Self {
        let within = |space: Option<SpaceId>| -> BTreeSet<SpaceId> {
            let mut chain = BTreeSet::new();
            let mut next = space;
            while let Some(space) = next {
                // A cycle cannot be saved, but must not hang whoever meets one.
                if !chain.insert(space) {
                    break;
                }
                next = parents.get(&space).copied().flatten();
            }
            chain
        };
        let mut zones = Self {
            levels: levels.iter().copied().collect(),
            ..Self::default()
        };
        for edge in edges {
            let (from, to) = (within(edge.from), within(edge.to));
            let entered = to.difference(&from).map(|space| Crossing {
                space: *space,
                forward_enters: true,
            });
            let left = from.difference(&to).map(|space| Crossing {
                space: *space,
                forward_enters: false,
            });
            zones
                .crossings
                .entry(edge.channel)
                .or_default()
                .extend(entered.chain(left));
        }
        for space in parents.keys() {
            zones
                .sources
                .insert(*space, zones.source_of(*space, parents));
        }
        zones
    }

    fn source_of(&self, space: SpaceId, parents: &BTreeMap<SpaceId, Option<SpaceId>>) -> Source {
        let mut seeing: Vec<ChannelId> = self
            .levels
            .iter()
            .filter(|(_, seen)| **seen == space)
            .map(|(channel, _)| *channel)
            .collect();
        let crosses =
            |crossings: &[Crossing]| crossings.iter().any(|crossing| crossing.space == space);
        let mut counting: Vec<ChannelId> = self
            .crossings
            .iter()
            .filter(|(_, at)| crosses(at))
            .map(|(channel, _)| *channel)
            .collect();
        let parts: Vec<SpaceId> = parents
            .iter()
            .filter(|(_, parent)| **parent == Some(space))
            .map(|(child, _)| *child)
            .collect();
        if !seeing.is_empty() {
            seeing.sort_unstable();
            Source::Levels(seeing)
        } else if !counting.is_empty() {
            counting.sort_unstable();
            Source::Flows(counting)
        } else if !parts.is_empty() {
            Source::Parts(parts)
        } else {
            Source::Nothing
        }
    }

    /// What a movement through a channel means.
    #[must_use]
    pub fn crossings(&self, channel: ChannelId) -> &[Crossing] {
        self.crossings.get(&channel).map_or(&[], Vec::as_slice)
    }

    /// The space a channel sees.
    #[must_use]
    pub fn seen_by(&self, channel: ChannelId) -> Option<SpaceId> {
        self.levels.get(&channel).copied()
    }

    /// What a space's figure is made of.
    #[must_use]
    pub fn source(&self, space: SpaceId) -> &Source {
        const NOTHING: &Source = &Source::Nothing;
        self.sources.get(&space).unwrap_or(NOTHING)
    }

    /// Whether a space's figure is made of what a channel says, and of nothing else it could be made of.
    #[must_use]
    pub fn feeds(&self, channel: ChannelId, space: SpaceId) -> bool {
        match self.source(space) {
            Source::Flows(channels) | Source::Levels(channels) => channels.contains(&channel),
            Source::Parts(_) | Source::Nothing => false,
        }
    }

    /// Whether a channel's forward movements enter a space; `None` when the channel is not at its edge.
    #[must_use]
    pub fn forward_enters(&self, channel: ChannelId, space: SpaceId) -> Option<bool> {
        self.crossings(channel)
            .iter()
            .find(|crossing| crossing.space == space)
            .map(|crossing| crossing.forward_enters)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUILDING: SpaceId = SpaceId(1);
    const GROUND: SpaceId = SpaceId(2);
    const UPPER: SpaceId = SpaceId(3);
    const DOOR: ChannelId = ChannelId(10);
    const STAIRS: ChannelId = ChannelId(11);
    const SIDE: ChannelId = ChannelId(12);

    fn zones() -> Zones {
        let parents = BTreeMap::from([
            (BUILDING, None),
            (GROUND, Some(BUILDING)),
            (UPPER, Some(BUILDING)),
        ]);
        let edge = |channel, from, to| Edge { channel, from, to };
        Zones::resolve(
            &parents,
            &[
                edge(DOOR, None, Some(GROUND)),
                edge(STAIRS, Some(GROUND), Some(UPPER)),
                edge(SIDE, Some(UPPER), None),
            ],
            &[],
        )
    }

    #[test]
    fn the_outer_door_counts_for_the_floor_and_the_building() {
        let zones = zones();
        assert_eq!(zones.forward_enters(DOOR, BUILDING), Some(true));
        assert_eq!(zones.forward_enters(DOOR, GROUND), Some(true));
        assert_eq!(zones.forward_enters(DOOR, UPPER), None);
        assert_eq!(zones.forward_enters(SIDE, BUILDING), Some(false));
    }

    #[test]
    fn the_stairs_are_out_of_one_floor_and_into_the_other_and_nothing_to_the_building() {
        let zones = zones();
        assert_eq!(zones.forward_enters(STAIRS, GROUND), Some(false));
        assert_eq!(zones.forward_enters(STAIRS, UPPER), Some(true));
        assert_eq!(zones.forward_enters(STAIRS, BUILDING), None);
    }

    #[test]
    fn a_building_without_doors_of_its_own_is_the_sum_of_its_parts() {
        let parents = BTreeMap::from([
            (BUILDING, None),
            (GROUND, Some(BUILDING)),
            (UPPER, Some(BUILDING)),
        ]);
        let zones = Zones::resolve(&parents, &[], &[(DOOR, GROUND)]);
        assert_eq!(zones.source(BUILDING), &Source::Parts(vec![GROUND, UPPER]));
        assert_eq!(zones.source(GROUND), &Source::Levels(vec![DOOR]));
        assert_eq!(zones.source(UPPER), &Source::Nothing);
    }

    #[test]
    fn people_are_conserved() {
        let zones = zones();
        let mut present: BTreeMap<SpaceId, i64> = BTreeMap::new();
        for (channel, forward) in [
            (DOOR, 50),
            (STAIRS, 20),
            (SIDE, 5),
            (DOOR, -10),
            (STAIRS, -3),
        ] {
            for crossing in zones.crossings(channel) {
                *present.entry(crossing.space).or_default() += if crossing.forward_enters {
                    forward
                } else {
                    -forward
                };
            }
        }
        assert_eq!(present[&BUILDING], present[&GROUND] + present[&UPPER]);
        assert_eq!(present[&BUILDING], 35);
    }
}
