//! Properties of quantities, on random text and amounts: nothing panics, what is printed reads back as the same amount and prints the same,
//! it is in Kubernetes' canonical form, and sums stay within bounds. The seed is the same in every run; `PROPTEST_RNG_SEED` sets
//! another. A failure prints the smallest input that fails.

use objects::quantity::{Format, Quantity};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

const SEED: u64 = 1;
/// Decimal suffixes, as powers of ten.
const DECIMAL: &[(&str, i32)] = &[
    ("n", -9),
    ("u", -6),
    ("m", -3),
    ("", 0),
    ("k", 3),
    ("M", 6),
    ("G", 9),
    ("T", 12),
    ("P", 15),
    ("E", 18),
];
const BINARY: &[&str] = &["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

fn config() -> ProptestConfig {
    let mut config = ProptestConfig {
        cases: 2000,
        // The tree is not written to.
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    if config.rng_seed == RngSeed::Random {
        config.rng_seed = RngSeed::Fixed(SEED);
    }
    config
}

/// Texts that are quantities, long and odd ones too.
fn texts() -> impl Strategy<Value = String> {
    let text = "[+-]?[0-9]{0,45}(\\.[0-9]{0,45})?([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]{1,4})?";
    text.prop_filter("not empty", |text| !text.is_empty())
}

fn quantities() -> impl Strategy<Value = Quantity> {
    texts().prop_map(|text| text.parse().expect("a quantity"))
}

fn read(text: &str) -> Quantity {
    text.parse()
        .unwrap_or_else(|e| panic!("{text:?} does not read: {e}"))
}

/// The number before the suffix has no point, and as much as can be stands in the suffix.
fn assert_canonical(quantity: &Quantity) {
    let text = quantity.to_string();
    let end = text
        .find(|c: char| c != '-' && !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let number: i128 = number.parse().expect("a whole number");
    let step = if suffix.ends_with('i') { 1024 } else { 1000 };
    let largest = matches!(suffix, "E" | "Ei");
    let spelled = DECIMAL.iter().any(|(s, _)| *s == suffix)
        || BINARY.contains(&suffix)
        || suffix.starts_with('e');
    assert!(spelled, "{text}");
    let small = quantity.format() == Format::BinarySi && suffix.is_empty();
    assert!(
        quantity.is_zero() || largest || small || number % step != 0,
        "{text} could be shorter"
    );
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_text_is_read_or_refused(text in ".*", near in "[-+.0-9eEinumkKMGTP é]{0,12}") {
        for text in [text, near] {
            if let Ok(quantity) = text.parse::<Quantity>() {
                assert_canonical(&quantity);
            }
        }
    }

    #[test]
    fn what_is_printed_reads_back(quantity in quantities()) {
        let text = quantity.to_string();
        let again = read(&text);
        prop_assert_eq!(again, quantity, "{}", &text);
        prop_assert_eq!(again.to_string(), text);
        assert_canonical(&quantity);
    }

    #[test]
    fn a_suffix_is_a_factor(number in any::<i64>(), at in 0..DECIMAL.len()) {
        let (suffix, power) = DECIMAL[at];
        let quantity = read(&format!("{number}{suffix}"));
        let exponent = read(&format!("{number}e{power}"));
        prop_assert_eq!(quantity, exponent);
        let nanos = i128::from(number).checked_mul(10_i128.pow((power + 9) as u32));
        if let Some(nanos) = nanos.filter(|n| n.abs() < i128::MAX / 4) {
            prop_assert_eq!(quantity, read(&format!("{nanos}n")));
        }
    }

    #[test]
    fn binary_suffixes_are_powers_of_1024(number in 0..1_i64 << 62, at in 0..BINARY.len()) {
        let factor = 1_i128 << (10 * (at + 1));
        let most = i128::from(i64::MAX);
        let units = (i128::from(number) * factor).min(most) as i64;
        let quantity = read(&format!("{number}{}", BINARY[at]));
        prop_assert_eq!(quantity.units(), units);
        let negative = read(&format!("-{number}{}", BINARY[at]));
        prop_assert_eq!(negative.units(), -units);
    }

    #[test]
    fn zeros_around_a_number_say_nothing(number in any::<u64>(), front in 0..40_usize, back in 0..40_usize, at in 0..BINARY.len()) {
        let (front, back) = ("0".repeat(front), "0".repeat(back));
        for suffix in [DECIMAL[at].0, BINARY[at]] {
            let padded = read(&format!("{front}{number}.{back}{suffix}"));
            prop_assert_eq!(padded, read(&format!("{number}{suffix}")));
        }
    }

    #[test]
    fn fractions_are_rounded_away_from_zero_to_a_billionth(whole in any::<u32>(), fraction in "[0-9]{1,60}") {
        let quantity = read(&format!("{whole}.{fraction}"));
        let nines = fraction.len().min(9);
        let (kept, rest) = fraction.split_at(nines);
        let kept: i128 = format!("{kept:0<9}").parse().expect("digits");
        let up = i128::from(rest.bytes().any(|b| b != b'0'));
        let nanos = i128::from(whole) * 1_000_000_000 + kept + up;
        prop_assert_eq!(quantity, read(&format!("{nanos}n")));
        prop_assert_eq!(read(&format!("-{whole}.{fraction}")), read(&format!("-{nanos}n")));
    }

    #[test]
    fn sums_stay_within_bounds(a in quantities(), b in quantities(), c in quantities()) {
        prop_assert_eq!(a.plus(&b), b.plus(&a));
        prop_assert_eq!(a.minus(&b).is_negative(), a < b);
        prop_assert!(a.minus(&a).is_zero());
        let sum = (0..200).fold(c, |sum, _| sum.plus(&sum).plus(&a));
        for quantity in [sum, sum.minus(&b), sum.to_millis(), a.to_millis()] {
            prop_assert_eq!(read(&quantity.to_string()).units(), quantity.units());
            prop_assert!(quantity.as_f64().is_finite());
            prop_assert_eq!(quantity.millis() < 0, quantity.is_negative());
        }
    }

    #[test]
    fn amounts_are_rounded_away_from_zero(millis in any::<i64>()) {
        let quantity = Quantity::from_millis(millis);
        prop_assert_eq!(quantity.millis(), millis);
        let up = (millis % 1000).signum();
        prop_assert_eq!(quantity.units(), millis / 1000 + up);
        let whole = Quantity::from_units(millis, Format::BinarySi);
        prop_assert_eq!(read(&whole.to_string()), whole);
    }
}
