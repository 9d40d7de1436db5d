;; Answers the longest word of what was counted, its letters from a to z as capitals.
(module
  (@custom "witx"
    "(typename $count\n"
    "  (record (field $words u32) (field $letters u32) (field $longest string)))\n"
    ";;; @exports\n"
    "(module $capitals (@interface func (export \"shout\")\n"
    "  (param $count $count) (result $text string)))\n")
  (memory (export "memory") 2)

  ;; Room for one record and its text.
  (func (export "virt_alloc") (param $size i32) (param $align i32) (result i32)
    (select (i32.const 65536) (i32.const 0) (i32.le_u (local.get $size) (i32.const 65536))))

  (func (export "shout") (param $count i32) (param $text i32)
    (local $at i32) (local $end i32) (local $letter i32)
    (local.set $at (i32.load offset=8 (local.get $count)))
    (local.set $end (i32.add (local.get $at) (i32.load offset=12 (local.get $count))))
    ;; The text is answered where it lies.
    (i64.store align=4 (local.get $text) (i64.load offset=8 align=4 (local.get $count)))
    (block $done
      (loop $next
        (br_if $done (i32.eq (local.get $at) (local.get $end)))
        (local.set $letter (i32.load8_u (local.get $at)))
        (if (i32.lt_u (i32.sub (local.get $letter) (i32.const 97)) (i32.const 26))
          (then (i32.store8 (local.get $at) (i32.sub (local.get $letter) (i32.const 32)))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))))
