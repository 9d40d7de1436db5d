//! The functions of a guest that have been looked up.

use super::Handler;

/// An engine's functions, by the name under which a guest exports them and by the [`Handler`] that
/// stands for them. Adapters keep it with the instance, so that a function is looked up once.
#[derive(Debug)]
pub struct Handlers<F>(Vec<(Box<str>, F)>);

impl<F> Handlers<F> {
    /// What stands for the function of this name, if it has been looked up.
    pub fn find(&self, name: &str) -> Option<Handler> {
        let known = self.0.iter().position(|(known, _)| **known == *name);
        known.map(Handler)
    }

    /// Adds a function that has been looked up.
    pub fn insert(&mut self, name: &str, function: F) -> Handler {
        self.0.push((name.into(), function));
        Handler(self.0.len() - 1)
    }

    /// What is kept of the function that a handler stands for; `None` if it is another guest's.
    pub fn at_mut(&mut self, handler: Handler) -> Option<&mut F> {
        self.0.get_mut(handler.0).map(|(_, function)| function)
    }
}

impl<F: Copy> Handlers<F> {
    /// The function that a handler stands for; `None` if it is another guest's.
    pub fn at(&self, handler: Handler) -> Option<F> {
        self.0.get(handler.0).map(|(_, function)| *function)
    }
}

impl<F> Default for Handlers<F> {
    fn default() -> Self {
        Self(Vec::new())
    }
}
