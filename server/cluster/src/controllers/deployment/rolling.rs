//! The arithmetic of a rolling update: how far the new set may grow, how far the old ones may shrink, and scaling in proportion.
//! Mirrors `rolling.go` and the `scale` of `sync.go` of Kubernetes 1.36.

use objects::{Object, meta};

use super::{DESIRED, Look, MOST, sets};
use crate::view;

/// How many replicas the new set may have: `current` of all sets, `of_new` of itself.
pub(super) fn new_size(wanted: i64, surge: i64, current: i64, of_new: i64) -> i64 {
    let room = wanted + surge - current;
    if room <= 0 {
        of_new
    } else {
        of_new + room.min(wanted - of_new).max(0)
    }
}

/// How many old pods may go now: `all` wanted by all sets, `least` to stay available, `unavailable_new` of the new set.
pub(super) fn may_go(all: i64, least: i64, unavailable_new: i64) -> i64 {
    (all - least - unavailable_new).max(0)
}

impl Look<'_> {
    /// What the new set may want.
    pub(super) fn size_of_new(&self) -> i64 {
        let of_new = self.new.as_ref().map_or(0, sets::wanted);
        if view::text(&self.deployment, &["spec", "strategy", "type"]) == "Recreate" {
            return self.wanted();
        }
        new_size(
            self.wanted(),
            self.slack().0,
            self.all().map(sets::wanted).sum(),
            of_new,
        )
    }

    /// Grows (or shrinks) the new set; whether it did.
    pub(super) fn scale_new(&mut self) -> bool {
        let Some(new) = self.new.clone() else {
            return false;
        };
        let to = if sets::wanted(&new) > self.wanted() {
            self.wanted()
        } else {
            self.size_of_new()
        };
        let grows = to != sets::wanted(&new);
        if grows {
            self.scale(&new, to);
        }
        grows
    }

    /// Shrinks old sets as far as enough pods stay available.
    pub(super) fn scale_old(&mut self) {
        if self.old.iter().all(|s| sets::wanted(s) == 0) {
            return;
        }
        let least = self.wanted() - self.slack().1;
        let unavailable_new = self
            .new
            .as_ref()
            .map_or(0, |s| sets::wanted(s) - sets::available(s));
        let all = self.all().map(sets::wanted).sum();
        let most = may_go(all, least, unavailable_new);
        if most == 0 {
            return;
        }
        self.drop_unhealthy(most);
        let mut left = self.all().map(sets::available).sum::<i64>() - least;
        for set in self.old.clone().iter().filter(|s| sets::wanted(s) > 0) {
            let go = left.min(sets::wanted(set));
            if go <= 0 {
                return;
            }
            self.scale(set, sets::wanted(set) - go);
            left -= go;
        }
    }

    /// Pods of old sets that are not available go first.
    fn drop_unhealthy(&mut self, most: i64) {
        let mut left = most;
        for set in self
            .old
            .clone()
            .iter()
            .filter(|s| sets::wanted(s) > sets::available(s))
        {
            let go = left.min(sets::wanted(set) - sets::available(set));
            if go <= 0 {
                return;
            }
            self.scale(set, sets::wanted(set) - go);
            left -= go;
        }
    }

    /// After `kubectl scale`: the only active set takes all; in mid-update every active set takes its share.
    pub(super) fn scale_in_proportion(&mut self) {
        let active: Vec<Object> = self
            .all()
            .filter(|s| sets::wanted(s) > 0)
            .cloned()
            .collect();
        if active.len() <= 1 {
            let target = active.into_iter().next().or_else(|| self.new.clone());
            if let Some(set) = target {
                self.scale(&set, self.wanted());
            }
            return;
        }
        if self.is_complete() && self.new.is_some() {
            let new = self
                .new
                .clone()
                .filter(|s| sets::wanted(s) != self.wanted());
            if let Some(set) = new {
                self.scale(&set, self.wanted());
            }
            return;
        }
        self.share_out(&active);
    }

    fn share_out(&mut self, active: &[Object]) {
        let total: i64 = active.iter().map(sets::wanted).sum();
        let most = if self.wanted() > 0 {
            self.wanted() + self.slack().0
        } else {
            0
        };
        let mut left = most - total;
        let mut order = active.to_vec();
        order.sort_by_key(|s| {
            (
                std::cmp::Reverse(sets::wanted(s)),
                std::cmp::Reverse(meta::creation_timestamp(s).to_string()),
            )
        });
        let mut sizes: Vec<(Object, i64)> = Vec::new();
        for set in order {
            let before = meta::annotation(&set, MOST)
                .or(meta::annotation(&set, DESIRED))
                .and_then(|t| t.parse::<i64>().ok())
                .unwrap_or(most)
                .max(1);
            let ideal = (sets::wanted(&set) * most + before / 2) / before - sets::wanted(&set);
            let part = if left > 0 {
                ideal.clamp(0, left)
            } else {
                ideal.clamp(left.min(0), 0)
            };
            left -= part;
            sizes.push((set, part));
        }
        if let Some(first) = sizes.first_mut() {
            first.1 += left;
        }
        for (set, part) in sizes {
            let to = (sets::wanted(&set) + part).max(0);
            self.scale(&set, to);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_new_set_grows_into_the_surge() {
        let check = |wanted, surge, current, of_new, expect| {
            assert_eq!(new_size(wanted, surge, current, of_new), expect)
        };
        check(3, 1, 0, 0, 3);
        check(3, 1, 3, 0, 1);
        check(3, 1, 4, 1, 1);
        check(3, 1, 3, 2, 3);
    }

    #[test]
    fn old_pods_stay_until_new_ones_are_available() {
        assert_eq!(may_go(4, 3, 1), 0);
        assert_eq!(may_go(4, 3, 0), 1);
    }
}
