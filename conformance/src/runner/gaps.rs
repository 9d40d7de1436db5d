//! What was answered beside what was declared.

use super::calls::Answers;
use crate::guests::Declared;
use std::collections::{BTreeMap, BTreeSet};

/// The errnos that were answered, by the names of functions. What ended a guest is no answer.
pub(super) fn by_name(answers: &Answers) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut all: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for ((_, name), answers) in answers {
        all.entry(name)
            .or_default()
            .extend(answers.iter().flatten());
    }
    all
}

/// Where the two differ, a sentence for each.
pub(super) fn gaps(declared: &Declared, answers: &Answers) -> Vec<String> {
    let answered = by_name(answers);
    let mut gaps = Vec::new();
    for (function, errnos) in declared {
        match answered.get(&**function) {
            None => gaps.push(format!("{function} is declared, and no guest called it")),
            Some(seen) => gaps.extend(
                errnos
                    .iter()
                    .filter(|errno| !seen.contains(&***errno))
                    .map(|errno| format!("{function} never answered {errno}")),
            ),
        }
    }
    for (function, seen) in answered {
        let declared = declared.get(function);
        gaps.extend(
            seen.iter()
                .filter(|errno| !declared.is_some_and(|known| known.contains(**errno)))
                .map(|errno| format!("{function} answered {errno}, which is not declared")),
        );
    }
    gaps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_of_both_kinds_told() {
        let declared: Declared = [
            ("fd_sync", &["success", "badf"][..]),
            ("fd_tell", &["success"]),
            ("proc_exit", &[]),
        ]
        .into_iter()
        .map(|(name, errnos)| {
            let errnos = errnos.iter().map(|errno| (*errno).to_owned());
            (name.to_owned(), errnos.collect())
        })
        .collect();
        let answers: Answers = [
            (("m", "fd_sync"), BTreeSet::from([Some("badf"), Some("io")])),
            (("m", "proc_exit"), BTreeSet::from([None])),
        ]
        .into();
        let expected = [
            "fd_sync never answered success",
            "fd_tell is declared, and no guest called it",
            "fd_sync answered io, which is not declared",
        ];
        assert_eq!(gaps(&declared, &answers), expected);
    }
}
