//! Which server has a key.

/// The servers of a client, by their addresses.
#[derive(Debug)]
pub(super) struct Ring(Vec<u64>);

impl Ring {
    pub(super) fn new<'a>(addresses: impl IntoIterator<Item = &'a str>) -> Self {
        Self(addresses.into_iter().map(|address| hash(address.as_bytes())).collect())
    }

    /// The place of the server that has a key: the one that draws the highest number for it.
    pub(super) fn place(&self, key: &[u8]) -> usize {
        let key = hash(key);
        let numbers = self.0.iter().enumerate().map(|(at, server)| (mixed(key ^ server), at));
        numbers.max().map_or(0, |(_, at)| at)
    }
}

/// FNV-1a, mixed: the same in every version of the program, since processes of two versions share servers.
fn hash(bytes: &[u8]) -> u64 {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    mixed(hash)
}

/// Every bit depends on all others: the final step of MurmurHash3.
fn mixed(mut number: u64) -> u64 {
    number = (number ^ (number >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    number = (number ^ (number >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    number ^ (number >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> impl Iterator<Item = String> {
        (0..10_000).map(|n| format!("key:{n}"))
    }

    #[test]
    fn keys_are_spread_evenly_and_move_only_to_a_new_server() {
        let names = ["a:1", "b:1", "c:1", "d:1"];
        let (three, four) = (Ring::new(names[..3].iter().copied()), Ring::new(names));
        let mut count = [0; 4];
        for key in keys() {
            let (before, after) = (three.place(key.as_bytes()), four.place(key.as_bytes()));
            count[after] += 1;
            assert!(after == before || after == 3, "{key} moves from {before} to {after}");
        }
        assert!(count.iter().all(|count| (2300..2700).contains(count)), "{count:?}");
    }

    #[test]
    fn the_order_of_servers_makes_no_difference() {
        let (one, other) = (Ring::new(["a:1", "b:1"]), Ring::new(["b:1", "a:1"]));
        assert!(keys().all(|key| one.place(key.as_bytes()) != other.place(key.as_bytes())));
    }

    #[test]
    fn places_are_those_of_every_version() {
        let ring = Ring::new(["a:11211", "b:11211", "c:11211"]);
        let places: Vec<usize> = keys().take(12).map(|key| ring.place(key.as_bytes())).collect();
        assert_eq!(places, [0, 0, 0, 0, 1, 1, 1, 0, 1, 1, 0, 2]);
    }
}
