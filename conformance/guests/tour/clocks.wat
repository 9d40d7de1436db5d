;; Asks the realtime and the monotonic clock for their resolution and the time.
;;
;; Says what it found, without the times themselves, so that the output is the
;; same on every run. Exits with 0, or with the number of the step that failed.
(module
  (import "wasi_snapshot_preview1" "clock_res_get"
    (func $clock_res_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get"
    (func $clock_time_get (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit"
    (func $proc_exit (param i32)))

  ;; 0 iovec | 8 one result | 128 texts
  (memory (export "memory") 1)
  (data (i32.const 128) "realtime and monotonic: each tells its resolution\n")
  (data (i32.const 192) "realtime: later than 2020 began\n")
  (data (i32.const 256) "monotonic: 1000 readings, none before the last\n")

  (func (export "_start")
    (local $last i64)
    (local $readings i32)

    ;; 1, 2: a resolution in nanoseconds is never 0.
    (call $step (i32.const 1) (i64.ne (call $resolution (i32.const 0)) (i64.const 0)))
    (call $step (i32.const 2) (i64.ne (call $resolution (i32.const 1)) (i64.const 0)))
    (call $say (i32.const 128) (i32.const 50))

    ;; 3: 2020-01-01T00:00:00Z in nanoseconds since 1970.
    (call $step (i32.const 3)
      (i64.gt_u (call $time (i32.const 0)) (i64.const 1_577_836_800_000_000_000)))
    (call $say (i32.const 192) (i32.const 32))

    ;; 4: monotonic time may stand still, and never goes back.
    (loop $again
      (call $step (i32.const 4)
        (i64.ge_u (call $time (i32.const 1)) (local.get $last)))
      ;; $time leaves what it read at 8.
      (local.set $last (i64.load (i32.const 8)))
      (local.set $readings (i32.add (local.get $readings) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $readings) (i32.const 1000))))
    (call $say (i32.const 256) (i32.const 47)))

  ;; The resolution of a clock in nanoseconds (step 80 if the host tells none).
  (func $resolution (param $clock i32) (result i64)
    (call $step (i32.const 80)
      (i32.eqz (call $clock_res_get (local.get $clock) (i32.const 8))))
    (i64.load (i32.const 8)))

  ;; The time of a clock in nanoseconds (step 81 if the host tells none).
  (func $time (param $clock i32) (result i64)
    (call $step (i32.const 81)
      (i32.eqz (call $clock_time_get (local.get $clock) (i64.const 0) (i32.const 8))))
    (i64.load (i32.const 8)))

  ;; Ends the guest with the step's number unless what the step needs is true.
  (func $step (param $number i32) (param $true i32)
    (if (i32.eqz (local.get $true))
      (then (call $proc_exit (local.get $number)))))

  ;; Writes a text to stdout (step 90).
  (func $say (param $text i32) (param $len i32)
    (i32.store (i32.const 0) (local.get $text))
    (i32.store (i32.const 4) (local.get $len))
    (call $step (i32.const 90)
      (i32.eqz
        (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
)
