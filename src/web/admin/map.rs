//! The zone graph of a site as a drawing: spaces as boxes in rows by their distance from outside, passages as arrows.

use std::collections::{BTreeMap, HashMap};

use askama::Template;

use crate::error::Error;

/// The measures of the drawing.
const BOX_WIDTH: i32 = 168;
const BOX_HEIGHT: i32 = 52;
const GAP: i32 = 56;
const ROW: i32 = 150;
const MARGIN: i32 = 16;
/// Beside the outermost boxes, for arrows that bend past them.
const SIDE: i32 = 48;

/// The longest text of a box or an arrow.
const LONGEST: usize = 22;

/// What a letter beside an arrow takes at most, and a line of them.
const LETTER: i32 = 7;
const LINE: i32 = 18;

/// A space to be drawn.
pub(super) struct Node {
    pub(super) slug: String,
    pub(super) name: String,
    pub(super) is_draft: bool,
}

/// A passage to be drawn: outside is `None`.
pub(super) struct Arrow {
    pub(super) name: String,
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
    /// Whether anything counts it.
    pub(super) is_counted: bool,
}

struct Drawn {
    x: i32,
    y: i32,
    middle: i32,
    text: i32,
    name: String,
    full: String,
    class: &'static str,
}

struct Line {
    path: String,
    x: i32,
    y: i32,
    name: String,
    full: String,
    class: &'static str,
}

#[derive(Template)]
#[template(path = "admin/map.svg")]
struct Drawing {
    width: i32,
    height: i32,
    label: String,
    boxes: Vec<Drawn>,
    lines: Vec<Line>,
}

/// Draws it.
pub(super) fn draw(
    nodes: &[Node],
    arrows: &[Arrow],
    outside: &str,
    label: String,
) -> Result<String, Error> {
    let rows = rows(nodes, arrows);
    let widest = rows.iter().map(Vec::len).max().unwrap_or(1).max(1);
    let count = |number: usize| i32::try_from(number).unwrap_or(i32::MAX / 1_000);
    let width = count(widest) * (BOX_WIDTH + GAP) - GAP + 2 * SIDE;
    let mut places: HashMap<Option<&str>, (i32, i32)> = HashMap::new();
    places.insert(None, (width / 2, MARGIN + BOX_HEIGHT / 2));
    for (row, slugs) in rows.iter().enumerate() {
        let taken = count(slugs.len()) * (BOX_WIDTH + GAP) - GAP;
        for (column, slug) in slugs.iter().enumerate() {
            let x = (width - taken) / 2 + count(column) * (BOX_WIDTH + GAP) + BOX_WIDTH / 2;
            let y = MARGIN + BOX_HEIGHT / 2 + ROW * (count(row) + 1);
            places.insert(Some(slug), (x, y));
        }
    }
    let drawn = |key: Option<&str>, name: &str, class| {
        let (x, y) = places.get(&key).copied().unwrap_or_default();
        Drawn {
            x: x - BOX_WIDTH / 2,
            y: y - BOX_HEIGHT / 2,
            middle: x,
            text: y + 5,
            name: shortened(name),
            full: name.to_owned(),
            class,
        }
    };
    let mut boxes = vec![drawn(None, outside, "outside")];
    boxes.extend(nodes.iter().map(|node| {
        let class = if node.is_draft { "draft" } else { "space" };
        drawn(Some(&node.slug), &node.name, class)
    }));
    // Arrows between the same two boxes bend apart.
    let mut between: BTreeMap<[Option<&str>; 2], i32> = BTreeMap::new();
    let lines = arrows.iter().filter_map(|arrow| {
        let (from, to) = (arrow.from.as_deref(), arrow.to.as_deref());
        let mut pair = [from, to];
        pair.sort_unstable();
        let number = between.entry(pair).or_default();
        *number += 1;
        let aside = (*number / 2) * if *number % 2 == 0 { 1 } else { -1 };
        let mut line = line(*places.get(&from)?, *places.get(&to)?, aside * 60, arrow)?;
        // Their names stand on lines of their own, and within the drawing.
        let half = count(line.name.chars().count()) * LETTER / 2;
        line.x = line.x.clamp(half, (width - half).max(half));
        line.y += aside * LINE;
        Some(line)
    });
    let drawing = Drawing {
        width,
        height: 2 * MARGIN + BOX_HEIGHT + ROW * count(rows.len()),
        label,
        lines: lines.collect(),
        boxes,
    };
    drawing.render().map_err(Error::internal)
}

/// The spaces by how many passages lie between them and outside; those that none leads to come last.
fn rows<'n>(nodes: &'n [Node], arrows: &[Arrow]) -> Vec<Vec<&'n str>> {
    let mut rows: Vec<Vec<&str>> = Vec::new();
    let mut rest: Vec<&str> = nodes.iter().map(|node| node.slug.as_str()).collect();
    let mut reached: Vec<Option<&str>> = vec![None];
    while !rest.is_empty() {
        let is_next = |slug: &&str| {
            arrows.iter().any(|arrow| {
                let (from, to) = (arrow.from.as_deref(), arrow.to.as_deref());
                (to == Some(*slug) && reached.contains(&from))
                    || (from == Some(*slug) && reached.contains(&to))
            })
        };
        let (next, others): (Vec<&str>, Vec<&str>) = rest.iter().partition(|slug| is_next(slug));
        if next.is_empty() {
            rows.push(others);
            break;
        }
        reached.extend(next.iter().map(|slug| Some(*slug)));
        rows.push(next);
        rest = others;
    }
    rows
}

/// An arrow from box to box, and where its name stands.
fn line(from: (i32, i32), to: (i32, i32), bend: i32, arrow: &Arrow) -> Option<Line> {
    if from == to {
        return None;
    }
    let is_level = from.1 == to.1;
    let (half_width, half_height) = (BOX_WIDTH / 2, BOX_HEIGHT / 2);
    let edge = |(x, y): (i32, i32), other: (i32, i32)| {
        if is_level {
            (x, y + half_height)
        } else {
            let shift = (bend + (other.0 - x) / 6).clamp(12 - half_width, half_width - 12);
            (
                x + shift,
                if other.1 > y {
                    y + half_height
                } else {
                    y - half_height
                },
            )
        }
    };
    let (start, end) = (edge(from, to), edge(to, from));
    let middle = (
        i32::midpoint(start.0, end.0) + bend,
        i32::midpoint(start.1, end.1) + if is_level { 56 } else { 0 },
    );
    Some(Line {
        path: format!(
            "M{} {}Q{} {} {} {}",
            start.0, start.1, middle.0, middle.1, end.0, end.1
        ),
        x: i32::midpoint(middle.0, i32::midpoint(start.0, end.0)),
        y: i32::midpoint(middle.1, i32::midpoint(start.1, end.1)) + 4,
        name: shortened(&arrow.name),
        full: arrow.name.clone(),
        class: if arrow.is_counted {
            "counted"
        } else {
            "uncounted"
        },
    })
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        text.to_owned()
    } else {
        let beginning: String = text.chars().take(LONGEST - 1).collect();
        format!("{}…", beginning.trim_end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_stand_in_rows_by_their_way_from_outside() {
        let node = |slug: &str| Node {
            slug: slug.to_owned(),
            name: slug.to_owned(),
            is_draft: false,
        };
        let arrow = |from: Option<&str>, to: Option<&str>| Arrow {
            name: "door".to_owned(),
            from: from.map(str::to_owned),
            to: to.map(str::to_owned),
            is_counted: true,
        };
        let nodes = [node("upper"), node("ground"), node("cellar"), node("shed")];
        let arrows = [
            arrow(None, Some("ground")),
            arrow(Some("ground"), Some("upper")),
            arrow(Some("cellar"), Some("ground")),
            arrow(Some("upper"), None),
        ];
        let found = rows(&nodes, &arrows);
        assert_eq!(
            found,
            [vec!["upper", "ground"], vec!["cellar"], vec!["shed"]]
        );
        let svg = draw(&nodes, &arrows, "outside", "map".to_owned()).unwrap();
        assert_eq!(svg.matches("<rect").count(), 5);
        assert_eq!(svg.matches("class=\"arrow").count(), 4);
        // Names of doors side by side do not lie over each other, nor are they cut.
        let doors = [arrow(None, Some("ground")), arrow(None, Some("ground"))];
        let svg = draw(&nodes[1..2], &doors, "outside", String::new()).unwrap();
        let heights: Vec<&str> = svg
            .split("class=\"on-line\"")
            .skip(1)
            .map(|text| text.split('"').nth(3).unwrap())
            .collect();
        assert_eq!(heights.len(), 2);
        assert_ne!(heights[0], heights[1]);
        // What people wrote does not become markup.
        let odd = [node("<script>")];
        assert!(
            !draw(&odd, &[], "outside", String::new())
                .unwrap()
                .contains("<script>")
        );
    }
}
