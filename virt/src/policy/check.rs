//! Whether a module may ask for what it asks for.

use super::grants::Grants;
use super::lock::{Lock, Locked};
use super::needs::{Need, Needs};
use super::refused::{Change, ChangeKind, Holder, Kept, Refused};
use super::{FOREIGN, printable};
use std::collections::HashMap;
use std::fmt;

/// A module, and what it asks for.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    name: &'a str,
    version: Option<&'a str>,
    needs: &'a Needs,
    grants: Option<&'a Grants>,
}

impl<'a> Asked<'a> {
    /// A module of this name and version.
    #[must_use]
    pub fn new(name: &'a str, version: Option<&'a str>, needs: &'a Needs) -> Self {
        Self {
            name,
            version,
            needs,
            grants: None,
        }
    }

    /// With what it is about to be granted, which is compared too.
    #[must_use]
    pub fn granted(mut self, grants: &'a Grants) -> Self {
        self.grants = Some(grants);
        self
    }
}

/// What somebody who asks those above for a class of authority is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The names from the root to whoever asks.
    pub path: Vec<String>,
    /// What it asks for.
    pub class: String,
    /// Who above holds it.
    pub holder: Holder,
}

impl Answer {
    /// Whether it is granted.
    #[must_use]
    pub fn is_granted(&self) -> bool {
        match &self.holder {
            Holder::Outside { granted } | Holder::Ancestor { granted, .. } => !granted.is_empty(),
            Holder::Nobody => false,
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path: Vec<String> = self.path.iter().map(|name| printable(name)).collect();
        let (name, path) = (path.last().map_or("", String::as_str), path.join(" > "));
        let class = printable(&self.class);
        write!(f, "{name} ({path}) asks for {class}: {}", self.holder)
    }
}

impl Lock {
    /// Whether a module asks for no more than is locked: the same bytes, and if they are others
    /// the message says what is new in them.
    ///
    /// # Errors
    /// What it asks for beyond the lock. A module that is not locked may ask for nothing; one that
    /// asks for nothing new and has another hash is refused too, since what a module does with
    /// what it holds is in its bytes.
    pub fn check(&self, asked: &Asked<'_>) -> Result<(), Box<Refused>> {
        let locked = self.module(asked.name);
        let (mut changes, kept) = self.compare(locked, asked);
        if let Some(locked) = locked {
            changes.extend(self.new_grants(locked, asked));
            let (was, is) = (locked.sha256, asked.needs.sha256);
            if was != is && changes.is_empty() {
                changes.push(Change {
                    what: "sha256".to_owned(),
                    class: String::new(),
                    kind: ChangeKind::Content { was, is },
                    holder: Holder::Nobody,
                });
            }
            if changes.is_empty() {
                return Ok(());
            }
        }
        Err(Box::new(Refused {
            name: asked.name.to_owned(),
            locked: locked.map(|locked| locked.version.clone()),
            version: asked.version.map(str::to_owned),
            path: self
                .path(asked.name)
                .into_iter()
                .map(str::to_owned)
                .collect(),
            changes,
            kept,
            given: None,
        }))
    }

    /// What a module is answered that asks those above it for a class of authority, such as
    /// `network.send`, beyond what it is granted at its creation.
    ///
    /// ```
    /// use turnkey_virt::policy::{Grants, Lock, Locked, Needs};
    ///
    /// let needs = Needs::of(&wat::parse_str("(module)")?)?;
    /// let lock = Lock::new([
    ///     Locked::new("agama", None, &needs).granted(Grants::new().grant("files", "seed.txt")?),
    ///     Locked::new("easydex", None, &needs).under("agama"),
    /// ])?;
    /// let answer = lock.ask("easydex", "files.open");
    /// assert!(!answer.is_granted());
    /// assert_eq!(
    ///     answer.to_string(),
    ///     "easydex (agama > easydex) asks for files.open: agama holds it, does not grant it"
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn ask(&self, name: &str, class: &str) -> Answer {
        let none = |_: &Locked| false;
        Answer {
            path: self.path(name).into_iter().map(str::to_owned).collect(),
            class: class.to_owned(),
            holder: self.holder(name, class, none),
        }
    }

    fn compare(&self, locked: Option<&Locked>, asked: &Asked<'_>) -> (Vec<Change>, Vec<Kept>) {
        let known = locked.map_or(&[][..], |locked| &locked.imports);
        let known: HashMap<(&str, &str), &str> = known
            .iter()
            .map(|import| ((&*import.module, &*import.name), &*import.ty))
            .collect();
        let (mut changes, mut kept) = (Vec::new(), Vec::new());
        for need in &asked.needs.imports {
            let kind = match known.get(&(&*need.module, &*need.name)) {
                Some(was) if **was == need.ty => {
                    kept.push(self.keep(asked.name, need));
                    continue;
                }
                Some(was) => ChangeKind::Type {
                    was: (*was).to_owned(),
                    is: need.ty.clone(),
                },
                None => ChangeKind::Import,
            };
            let class = need.class();
            let imports = |above: &Locked| above.import(&need.module, &need.name).is_some();
            changes.push(Change {
                what: format!("{}.{}", need.module, need.name),
                class: class.to_owned(),
                kind,
                holder: self.holder(asked.name, class, imports),
            });
        }
        (changes, kept)
    }

    fn keep(&self, name: &str, need: &Need) -> Kept {
        let class = need.class();
        Kept {
            what: need.name.clone(),
            class: class.to_owned(),
            granted: self.granted(name, class),
        }
    }

    fn new_grants<'a>(
        &'a self,
        locked: &'a Locked,
        asked: &'a Asked<'_>,
    ) -> impl Iterator<Item = Change> + 'a {
        let new = asked.grants.into_iter();
        new.flat_map(|grants| grants.beyond(&locked.grants))
            .map(|(class, what)| Change {
                what: what.to_owned(),
                class: class.to_owned(),
                kind: ChangeKind::Grant,
                holder: self.holder(&locked.name, class, |_| false),
            })
    }

    fn granted(&self, name: &str, class: &str) -> Vec<String> {
        let module = self.module(name);
        let granted = module.map(|module| module.grants.covering(class).map(str::to_owned));
        granted.into_iter().flatten().collect()
    }

    /// Who holds a class of authority above a module: whoever is granted some of it, or `imports`
    /// what the module asks for. An import that is none of WASI's is no authority by its class,
    /// so only the second counts there.
    fn holder(&self, name: &str, class: &str, imports: impl Fn(&Locked) -> bool) -> Holder {
        let granted = self.granted(name, class);
        let is_root = self.ancestors(name).next().is_none();
        if is_root {
            return Holder::Outside { granted };
        }
        let holds = |above: &&Locked| {
            let by_class = class != FOREIGN && above.grants.covering(class).next().is_some();
            by_class || imports(above)
        };
        match self.ancestors(name).find(holds) {
            Some(above) => Holder::Ancestor {
                name: above.name.clone(),
                granted,
            },
            None => Holder::Nobody,
        }
    }
}
