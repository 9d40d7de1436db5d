//! The environment of a child.

use super::pattern::{Pattern, Rules, first_fitting};
use std::fmt;
use std::sync::Arc;
use turnkey_wasi_common::Strings;

/// Derives a child's environment from another one. Nothing passes but what a rule lets pass.
///
/// Rules are about a variable's name, or about all names with the same beginning, `APP_*`; `*`
/// alone is about every name. The first rule that fits a variable counts.
///
/// ```
/// use turnkey_virt::strings::{EnvFilter, variables};
/// use turnkey_wasi_common::WasiCtx;
///
/// let parent = WasiCtx::builder()
///     .envs([("LANG", "C"), ("APP_KEY", "secret"), ("APP_MODE", "safe"), ("CHILD_HOME", "/c")])
///     .build()?;
/// let filter = EnvFilter::new()
///     .deny("APP_KEY")
///     .allow("APP_*")
///     .rename("CHILD_HOME", "HOME");
/// let child = WasiCtx::builder().envs(filter.apply(variables(parent.env()))).build()?;
/// assert_eq!(child.env().iter().collect::<Vec<_>>(), ["APP_MODE=safe", "HOME=/c"]);
/// # Ok::<(), turnkey_wasi_common::BuildError>(())
/// ```
#[derive(Clone, Default)]
pub struct EnvFilter {
    rules: Rules<Then>,
    prefix: String,
    change: Option<Arc<Change>>,
}

#[derive(Debug, Clone)]
enum Then {
    Pass,
    Drop,
    PassAs(String),
}

type Change = dyn Fn(&str, String) -> Option<String> + Send + Sync;

impl EnvFilter {
    /// Lets nothing pass yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets variables pass.
    #[must_use]
    pub fn allow(self, names: &str) -> Self {
        self.rule(names, Then::Pass)
    }

    /// Lets variables not pass, whatever a later rule says.
    #[must_use]
    pub fn deny(self, names: &str) -> Self {
        self.rule(names, Then::Drop)
    }

    /// Lets a variable pass under another name.
    #[must_use]
    pub fn rename(self, name: &str, to: &str) -> Self {
        self.rule(name, Then::PassAs(to.to_owned()))
    }

    /// Puts a prefix before the name of every variable that passes.
    #[must_use]
    pub fn prefix(mut self, prefix: &str) -> Self {
        prefix.clone_into(&mut self.prefix);
        self
    }

    /// Gives what passes another value; `None` drops it. The closure sees the name under which the
    /// child will know the variable.
    ///
    /// ```
    /// use turnkey_virt::strings::EnvFilter;
    ///
    /// let short = EnvFilter::new()
    ///     .allow("*")
    ///     .map(|_, value| (value.len() < 4).then(|| value.to_uppercase()));
    /// let env: Vec<_> = short.apply([("A", "abc"), ("B", "abcd")]).collect();
    /// assert_eq!(env, [("A".to_owned(), "ABC".to_owned())]);
    /// ```
    #[must_use]
    pub fn map(
        mut self,
        change: impl Fn(&str, String) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.change = Some(Arc::new(change));
        self
    }

    fn rule(mut self, names: &str, then: Then) -> Self {
        self.rules.push((Pattern::new(names), then));
        self
    }

    /// The variables that pass, in their order.
    pub fn apply<N: Into<String>, V: Into<String>>(
        &self,
        env: impl IntoIterator<Item = (N, V)>,
    ) -> impl Iterator<Item = (String, String)> {
        env.into_iter()
            .filter_map(|(name, value)| self.pass(name.into(), value.into()))
    }

    fn pass(&self, name: String, value: String) -> Option<(String, String)> {
        let name = match first_fitting(&self.rules, &name)? {
            Then::Drop => return None,
            Then::Pass => name,
            Then::PassAs(other) => other.clone(),
        };
        let name = format!("{}{name}", self.prefix);
        let value = match &self.change {
            Some(change) => change(&name, value)?,
            None => value,
        };
        Some((name, value))
    }
}

impl fmt::Debug for EnvFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnvFilter")
            .field("rules", &self.rules)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

/// The variables of a guest's environment, each as its name and its value.
///
/// ```
/// use turnkey_virt::strings::variables;
/// use turnkey_wasi_common::WasiCtx;
///
/// let ctx = WasiCtx::builder().env("A", "b=c").build()?;
/// assert_eq!(variables(ctx.env()).collect::<Vec<_>>(), [("A", "b=c")]);
/// # Ok::<(), turnkey_wasi_common::BuildError>(())
/// ```
pub fn variables(env: &Strings) -> impl Iterator<Item = (&str, &str)> {
    env.iter().filter_map(|entry| entry.split_once('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(filter: &EnvFilter) -> Vec<(String, String)> {
        let env = [
            ("PATH", "/bin"),
            ("APP_A", "1"),
            ("APP_B", ""),
            ("app_a", "2"),
            ("*", "3"),
        ];
        filter.apply(env).collect()
    }

    #[test]
    fn apply_first_fitting_rule_counts() {
        let new = EnvFilter::new;
        let cases: [(EnvFilter, &[(&str, &str)]); 8] = [
            (new(), &[]),
            (new().allow("PATH"), &[("PATH", "/bin")]),
            (new().allow("APP_*"), &[("APP_A", "1"), ("APP_B", "")]),
            (new().deny("APP_A").allow("APP_*"), &[("APP_B", "")]),
            (
                new().allow("APP_*").deny("APP_A"),
                &[("APP_A", "1"), ("APP_B", "")],
            ),
            (
                new().rename("APP_A", "B").deny("*").allow("*"),
                &[("B", "1")],
            ),
            (
                new().prefix("X_").allow("PATH").rename("APP_A", "A"),
                &[("X_PATH", "/bin"), ("X_A", "1")],
            ),
            (
                new()
                    .allow("APP_*")
                    .prefix("X_")
                    .map(|name, value| (name == "X_APP_A").then(|| value + "!")),
                &[("X_APP_A", "1!")],
            ),
        ];
        for (filter, expected) in cases {
            let expected: Vec<_> = expected
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect();
            assert_eq!(passed(&filter), expected, "{filter:?}");
        }
        assert_eq!(passed(&new().allow("*")).len(), 5);
    }
}
