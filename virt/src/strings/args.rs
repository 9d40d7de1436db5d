//! The arguments of a child.

use super::pattern::{Pattern, Rules, first_fitting};

/// Derives a child's arguments from another list. The first, the program's name, is the child's
/// own; of the others nothing passes but what a rule lets pass.
///
/// Rules are about an argument, or about all with the same beginning, `--log=*`; `*` alone is about
/// every argument. The first rule that fits an argument counts. Each argument is looked at by
/// itself: an option and a value that stands behind it are two.
///
/// ```
/// use turnkey_virt::strings::ArgFilter;
/// use turnkey_wasi_common::WasiCtx;
///
/// let parent = WasiCtx::builder().args(["app", "--token=1", "--fast", "in.txt"]).build()?;
/// let filter = ArgFilter::new("child").deny("--token*").allow("*");
/// let child = WasiCtx::builder().args(filter.apply(parent.args().iter())).build()?;
/// assert_eq!(child.args().iter().collect::<Vec<_>>(), ["child", "--fast", "in.txt"]);
/// # Ok::<(), turnkey_wasi_common::BuildError>(())
/// ```
#[derive(Debug, Clone)]
pub struct ArgFilter {
    program: String,
    rules: Rules<bool>,
}

impl ArgFilter {
    /// Lets nothing pass yet; the child's own name is `program`.
    pub fn new(program: impl Into<String>) -> Self {
        Self {
            program: program.into(),
            rules: Rules::new(),
        }
    }

    /// Lets arguments pass.
    #[must_use]
    pub fn allow(self, args: &str) -> Self {
        self.rule(args, true)
    }

    /// Lets arguments not pass, whatever a later rule says.
    #[must_use]
    pub fn deny(self, args: &str) -> Self {
        self.rule(args, false)
    }

    fn rule(mut self, args: &str, passes: bool) -> Self {
        self.rules.push((Pattern::new(args), passes));
        self
    }

    /// The child's arguments, given all of another program's, its name included.
    pub fn apply<A: Into<String>>(
        &self,
        args: impl IntoIterator<Item = A>,
    ) -> impl Iterator<Item = String> {
        let others = args.into_iter().skip(1).map(Into::into);
        let passes = |arg: &String| first_fitting(&self.rules, arg) == Some(&true);
        std::iter::once(self.program.clone()).chain(others.filter(passes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn apply_first_fitting_rule_counts() {
        let new = || ArgFilter::new("c");
        let cases: [(ArgFilter, &[&str]); 4] = [
            (new(), &["c"]),
            (new().allow("p"), &["c", "p"]),
            (new().allow("*"), &["c", "p", "-x", "-y=1", ""]),
            (new().deny("-y*").allow("-*").allow(""), &["c", "-x", ""]),
        ];
        for (filter, expected) in cases {
            let args = filter.apply(["p", "p", "-x", "-y=1", ""]);
            assert_eq!(args.collect::<Vec<_>>(), expected, "{filter:?}");
        }
        let of_nothing: Vec<_> = new().apply(Vec::<String>::new()).collect();
        assert_eq!(of_nothing, ["c"]);
    }
}
