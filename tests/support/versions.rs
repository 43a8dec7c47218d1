//! Versions of a component, made of its octets.

/// The same component with other octets: a custom section more, which nobody reads.
pub fn marked(component: &[u8], mark: &str) -> Vec<u8> {
    let name = b"mark";
    let length = 1 + name.len() + mark.len();
    let short = |length: usize| u8::try_from(length).expect("a short mark");
    assert!(length < 128, "a mark is one octet of length");
    let mut octets = component.to_vec();
    octets.extend([0, short(length), short(name.len())]);
    octets.extend(name);
    octets.extend(mark.as_bytes());
    octets
}

/// The same component with one word in the place of another of the same length, wherever it stands.
pub fn reworded(component: &[u8], word: &str, other: &str) -> Vec<u8> {
    assert_eq!(word.len(), other.len(), "nothing moves");
    let mut octets = component.to_vec();
    let mut found = 0;
    for place in 0..octets.len().saturating_sub(word.len()) {
        if octets[place..].starts_with(word.as_bytes()) {
            octets[place..place + word.len()].copy_from_slice(other.as_bytes());
            found += 1;
        }
    }
    assert!(found > 0, "{word} does not stand in the component");
    octets
}
