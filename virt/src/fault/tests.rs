use super::*;
use std::sync::Arc;
use turnkey_snapshots::{Memory, complete, preview_1};
use turnkey_wasi_common::{BlockingWait, Clock, Clocks, Result, Stop, Wait, WasiCtx};

const PATH: &[u8] = b"tmp/log";

/// A guest that asks about `tmp/log` below a descriptor that is not there.
fn stat(ctx: &WasiCtx) -> std::result::Result<i32, Stop> {
    let mut memory = vec![0; 128];
    memory[..PATH.len()].copy_from_slice(PATH);
    complete(ctx, |call| {
        preview_1::path_filestat_get(call, &mut Memory::new(&mut memory), 3, 0, 0, 7, 64)
    })
}

fn guest(fault: &Arc<Fault>) -> WasiCtx {
    let filter: Arc<dyn Filter> = fault.clone();
    WasiCtx::builder().filter(filter).build().unwrap()
}

#[test]
fn before_path_and_turn_count_only_what_is_meant() {
    const BADF: i32 = 8;
    const IO: i32 = 29;
    for (text, answers) in [
        ("files=io", [IO; 4]),
        ("*=io", [IO; 4]),
        ("path_open=io", [BADF; 4]),
        ("*=io@path:/tmp/*", [IO; 4]),
        ("*=io@path:/tmp", [BADF; 4]),
        ("path_filestat_get=io@nth:2", [BADF, IO, BADF, BADF]),
        ("path_filestat_get=io@every:2", [BADF, IO, BADF, IO]),
        ("fd_close=io@nth:1", [BADF; 4]),
    ] {
        let fault = Arc::new(text.parse::<Fault>().unwrap());
        let ctx = guest(&fault);
        for (number, answer) in answers.into_iter().enumerate() {
            assert_eq!(stat(&ctx), Ok(answer), "{text}, call {number}");
        }
        let struck = answers.iter().filter(|answer| **answer == IO).count();
        assert_eq!(fault.struck(), struck as u64, "{text}");
    }
}

#[test]
fn before_function_that_does_not_return_struck_only_by_name() {
    let exit = |text: &str| {
        let ctx = guest(&Arc::new(text.parse::<Fault>().unwrap()));
        complete(&ctx, |call| {
            preview_1::proc_exit(call, &mut Memory::new(&mut []), 3)
        })
    };
    assert_eq!(exit("*=io"), Err(Stop::Exit(3)));
    assert_eq!(exit("process=io"), Err(Stop::Exit(3)));
    assert!(matches!(exit("proc_exit=io"), Err(Stop::Trap(_))));
}

#[test]
fn before_link_text_is_no_path() {
    let fault = Arc::new("*=io@path:target".parse::<Fault>().unwrap());
    let ctx = guest(&fault);
    let mut memory = b"target.link".to_vec();
    let mut link = |from, from_len, to, to_len| {
        complete(&ctx, |call| {
            let memory = &mut Memory::new(&mut memory);
            preview_1::path_symlink(call, memory, from, from_len, 3, to, to_len)
        })
    };
    assert_eq!(link(0, 6, 7, 4), Ok(8));
    assert_eq!(link(7, 4, 0, 6), Ok(29));
}

/// Time that passes only where somebody waits for it.
#[derive(Clone, Default)]
struct Jumping(Arc<AtomicU64>);

impl Clocks for Jumping {
    fn now(&self, _clock: Clock) -> Result<u64> {
        Ok(self.0.load(Ordering::Relaxed))
    }

    fn resolution(&self, _clock: Clock) -> Result<u64> {
        Ok(1)
    }
}

impl BlockingWait for Jumping {
    fn wait(&self, wait: &Wait, _clocks: &dyn Clocks) -> Result<()> {
        self.0.fetch_max(wait.deadline.unwrap(), Ordering::Relaxed);
        Ok(())
    }
}

#[test]
fn before_delays_add_up_and_the_call_goes_on() {
    let time = Jumping::default();
    let mut context = WasiCtx::builder()
        .clocks(Arc::new(time.clone()))
        .waiter(Arc::new(time.clone()));
    for text in [
        "files=delay:1h@path:tmp/log",
        "*=delay:250ms",
        "*=delay:1day@path:other",
    ] {
        context = context.filter(Arc::new(text.parse::<Fault>().unwrap()));
    }
    let ctx = context.build().unwrap();
    assert_eq!(stat(&ctx), Ok(8));
    assert_eq!(time.now(Clock::Monotonic), Ok(3_600_250_000_000));
}

#[test]
fn before_threads_share_a_turn_it_comes_once() {
    let fault = Fault::errno(Func::PathFilestatGet, Errno::Io).turn(Turn::Nth(500));
    let fault = Arc::new(fault);
    let answers: Vec<i32> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let ctx = guest(&fault);
                scope.spawn(move || -> Vec<i32> { (0..250).map(|_| stat(&ctx).unwrap()).collect() })
            })
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    assert_eq!(answers.iter().filter(|answer| **answer == 29).count(), 1);
    assert_eq!(fault.struck(), 1);
}
