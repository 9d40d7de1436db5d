//! agama and easydex as this program.

use crate::lock;
use std::fmt::Write;
use std::sync::Arc;
use turnkey_examples::Failure;
use turnkey_snapshots::engine::Module;
use turnkey_virt::nanoprocess::{
    Bind, Cap, Child, Family, LinkError, Outcome, Place, TypedOutcome,
};
use turnkey_virt::typed::{Interface, TypedValue};
use turnkey_wasi_common::{Access, Errno, Fd, Rights};

/// What notify offers.
const NOTIFY: &str = r#";;; @exports
(module $notify (@interface func (export "notify") (param $text string)
  (result $error (expected (error u16)))))"#;

/// What a parent exits with whose child asks for what it is not given.
const REFUSED: u32 = 3;

/// Does what `guests/easydex.c` does, and writes what there is to say to `said`.
pub(crate) fn run(
    family: &Family,
    notify: Arc<dyn Module>,
    mode: &str,
    stdout: &Cap,
    said: &mut String,
) -> Result<u32, Failure> {
    if mode == "ask" {
        let answer = lock::lock(crate::NOTIFY)?.ask("easydex", "files.open");
        writeln!(said, "{answer}")?;
    }
    let output = stdout.weaker(Access::Only(Rights::FD_WRITE));
    let notify = family.spawn(notify)?;
    notify.expect(&Interface::parse(NOTIFY)?)?;
    notify.grant(&output, Place::At(Fd(1)), None)?;
    notify.bind("fd_write", Bind::Pass)?;
    if mode == "files" {
        notify.bind("path_open", Bind::Pass)?;
    }
    match notify.link() {
        Ok(()) => {}
        Err(LinkError::Missing(missing)) => {
            writeln!(said, "error: the child asks for what it is not given")?;
            for need in missing {
                writeln!(said, "  + {need}")?;
            }
            writeln!(said, "nothing was run")?;
            return Ok(REFUSED);
        }
        Err(error) => return Err(error.into()),
    }
    tell(&notify, "easydex: the order is filled\n", said)?;
    if mode == "revoke" {
        output.revoke();
        tell(&notify, "easydex: another order is filled\n", said)?;
    }
    Ok(0)
}

/// Hands notify a text, and says what comes of it if that is not a success.
fn tell(notify: &Child, text: &str, said: &mut String) -> Result<(), Failure> {
    match notify.call_typed("notify", &[text.into()])? {
        TypedOutcome::Returned(TypedValue::Error(number)) => {
            let errno = u16::try_from(number).ok().and_then(Errno::from_number);
            let name = errno.map_or("a number of its own", Errno::name);
            writeln!(said, "easydex: notify was answered {}", name.to_lowercase())?;
        }
        TypedOutcome::Returned(_) => {}
        // No reference of this program's leads into a child's memory, or from there to here.
        TypedOutcome::Ended(Outcome::Trapped(trap)) => {
            writeln!(said, "easydex: notify trapped: {trap}")?;
        }
        TypedOutcome::Ended(outcome) => return Err(format!("notify ended: {outcome:?}").into()),
    }
    Ok(())
}
