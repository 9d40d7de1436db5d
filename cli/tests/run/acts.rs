//! Guests that do one thing after the other, and say what came of each.

use crate::support::guest;
use std::fmt::Write;

/// Something that a guest does. Each says a line: what was read, or a number, or `done`; or
/// `errno N`.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Act<'a> {
    /// Opens a file beneath a descriptor, and says what lies in it.
    Read(u32, &'a str),
    /// Says what comes from standard input.
    ReadStdin,
    /// Makes a file or empties it, and writes a text into it.
    Write(u32, &'a str, &'a str),
    MakeDir(u32, &'a str),
    Unlink(u32, &'a str),
    /// Changes a file's times to now.
    Touch(u32, &'a str),
    /// Says what a clock tells, in nanoseconds.
    Time(u32),
    /// Waits, in nanoseconds by the monotonic clock.
    Sleep(u64),
    /// Says 8 random bytes as a number.
    Draw,
    /// Traps, and says nothing.
    Trap,
}

/// A command that does these.
pub(crate) fn acts(acts: &[Act<'_>]) -> String {
    let (mut texts, mut body) = (Texts::default(), String::new());
    for act in acts {
        let mut put = |fd: u32, text: &str| format!("(i32.const {fd}) {}", texts.put(text));
        let line = match *act {
            Act::Read(fd, name) => format!("(call $read {})", put(fd, name)),
            Act::ReadStdin => "(call $told (call $say_from (i32.const 0)))".to_owned(),
            Act::Write(fd, name, text) => {
                format!("(call $write {} {})", put(fd, name), texts.put(text))
            }
            Act::MakeDir(fd, name) => {
                format!(
                    "(call $told (call $path_create_directory {}))",
                    put(fd, name)
                )
            }
            Act::Unlink(fd, name) => {
                format!("(call $told (call $path_unlink_file {}))", put(fd, name))
            }
            Act::Touch(fd, name) => format!("(call $touch {})", put(fd, name)),
            Act::Time(clock) => format!("(call $time (i32.const {clock}))"),
            Act::Sleep(time) => format!("(call $sleep (i64.const {time}))"),
            Act::Draw => {
                "(call $number (call $random_get (i32.const 16) (i32.const 8)))".to_owned()
            }
            Act::Trap => "unreachable".to_owned(),
        };
        writeln!(body, "{line}").unwrap();
    }
    guest(
        FUNCTIONS,
        &format!("{}{HELP}(func (export \"_start\") {body})", texts.data),
    )
}

/// Texts in the guest's memory.
#[derive(Default)]
struct Texts {
    data: String,
    length: usize,
}

impl Texts {
    const BEGIN: usize = 1024;

    /// Puts a text there; answers the operands that name it.
    fn put(&mut self, text: &str) -> String {
        let at = Self::BEGIN + self.length;
        let bytes: String = text.bytes().map(|byte| format!("\\{byte:02x}")).collect();
        writeln!(self.data, "(data (i32.const {at}) \"{bytes}\")").unwrap();
        self.length += text.len();
        format!("(i32.const {at}) (i32.const {})", text.len())
    }
}

const FUNCTIONS: &[&str] = &[
    "clock_time_get",
    "fd_close",
    "fd_read",
    "path_create_directory",
    "path_filestat_set_times",
    "path_open",
    "path_unlink_file",
    "poll_oneoff",
    "random_get",
];

/// 0 buffer and result, 16 what is answered, 32 a subscription, 80 an event, up to 160 digits, 160
/// texts, 1024 the texts of the acts, 32768 what is read.
const HELP: &str = r#"
  (data (i32.const 160) "done\n") (data (i32.const 168) "errno ") (data (i32.const 176) "\n")

  (func $say_number (param $n i64) (local $at i32)
    (local.set $at (i32.const 160))
    (loop $digit
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (i32.store8 (local.get $at)
        (i32.add (i32.const 48) (i32.wrap_i64 (i64.rem_u (local.get $n) (i64.const 10)))))
      (local.set $n (i64.div_u (local.get $n) (i64.const 10)))
      (br_if $digit (i64.ne (local.get $n) (i64.const 0))))
    (call $say (local.get $at) (i32.sub (i32.const 160) (local.get $at)))
    (call $say (i32.const 176) (i32.const 1)))

  ;; Says an errno, and answers whether it is one.
  (func $failed (param $errno i32) (result i32)
    (if (local.get $errno)
      (then
        (call $say (i32.const 168) (i32.const 6))
        (call $say_number (i64.extend_i32_u (local.get $errno)))))
    (local.get $errno))

  (func $told (param $errno i32)
    (if (i32.eqz (call $failed (local.get $errno)))
      (then (call $say (i32.const 160) (i32.const 5)))))

  (func $number (param $errno i32)
    (if (i32.eqz (call $failed (local.get $errno)))
      (then (call $say_number (i64.load (i32.const 16))))))

  (func $open (param $fd i32) (param $name i32) (param $len i32)
    (param $oflags i32) (param $rights i64) (result i32)
    (call $path_open (local.get $fd) (i32.const 1) (local.get $name) (local.get $len)
      (local.get $oflags) (local.get $rights) (i64.const 0) (i32.const 0) (i32.const 16)))

  (func $say_from (param $fd i32) (result i32) (local $errno i32)
    (i32.store (i32.const 0) (i32.const 32768))
    (i32.store (i32.const 4) (i32.const 16384))
    (local.set $errno
      (call $fd_read (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8)))
    (if (i32.eqz (local.get $errno))
      (then (call $say (i32.const 32768) (i32.load (i32.const 8)))))
    (local.get $errno))

  (func $read (param $fd i32) (param $name i32) (param $len i32)
    (if (call $failed (call $open
          (local.get $fd) (local.get $name) (local.get $len) (i32.const 0) (i64.const 2)))
      (then (return)))
    (if (i32.eqz (call $failed (call $say_from (i32.load (i32.const 16)))))
      (then (call $say (i32.const 176) (i32.const 1))))
    (call $need (call $fd_close (i32.load (i32.const 16)))))

  (func $write (param $fd i32) (param $name i32) (param $len i32)
    (param $text i32) (param $text_len i32)
    (if (call $failed (call $open
          (local.get $fd) (local.get $name) (local.get $len) (i32.const 9) (i64.const 0x40)))
      (then (return)))
    (i32.store (i32.const 0) (local.get $text))
    (i32.store (i32.const 4) (local.get $text_len))
    (call $told (call $fd_write (i32.load (i32.const 16))
      (i32.const 0) (i32.const 1) (i32.const 8)))
    (call $need (call $fd_close (i32.load (i32.const 16)))))

  (func $touch (param $fd i32) (param $name i32) (param $len i32)
    (call $told (call $path_filestat_set_times (local.get $fd) (i32.const 1)
      (local.get $name) (local.get $len) (i64.const 0) (i64.const 0) (i32.const 10))))

  (func $time (param $clock i32)
    (call $number
      (call $clock_time_get (local.get $clock) (i64.const 0) (i32.const 16))))

  (func $sleep (param $time i64)
    (i32.store8 (i32.const 40) (i32.const 0))
    (i32.store (i32.const 48) (i32.const 1))
    (i64.store (i32.const 56) (local.get $time))
    (call $told (call $poll_oneoff
      (i32.const 32) (i32.const 80) (i32.const 1) (i32.const 16))))
"#;
