//! What exports a parent's directories and files.

/// Exports [`Files`](crate::Files): who is granted one of their objects asks them. The argument is
/// an expression that borrows them, as `&FILES` does for a static.
#[macro_export]
macro_rules! export_files {
    ($files:expr) => {
        const _: () = {
            use $crate::__exports as exports;

            $crate::__export_named! { $files;
                dir_rmdir(remove_dir) dir_mkdir(create_dir) dir_unlink(unlink)
            }

            $crate::__export_moved! { $files; dir_rename(rename) dir_link(link) }

            $crate::__export_found! { $files; dir_open(open) dir_create(create) }

            #[no_mangle]
            unsafe extern "C" fn dir_list(
                _context: u32,
                dir: u64,
                after: *const u8,
                after_len: u32,
                buffer: *mut u8,
                length: u32,
            ) -> i32 {
                // SAFETY: the host hands over a name, and room for names.
                unsafe { exports::dir_list($files, dir, (after, after_len), (buffer, length)) }
            }

            #[no_mangle]
            unsafe extern "C" fn dir_readlink(
                _context: u32,
                dir: u64,
                name: *const u8,
                name_len: u32,
                buffer: *mut u8,
                length: u32,
            ) -> i32 {
                // SAFETY: the host hands over a name, and room for a text.
                unsafe { exports::dir_readlink($files, dir, (name, name_len), (buffer, length)) }
            }

            #[no_mangle]
            unsafe extern "C" fn dir_symlink(
                _context: u32,
                dir: u64,
                text: *const u8,
                text_len: u32,
                name: *const u8,
                name_len: u32,
            ) -> i32 {
                // SAFETY: the host hands over a text and a name.
                unsafe { exports::dir_symlink($files, dir, (text, text_len), (name, name_len)) }
            }

            #[no_mangle]
            unsafe extern "C" fn dir_times(
                _context: u32,
                dir: u64,
                name: *const u8,
                name_len: u32,
                accessed: u64,
                modified: u64,
                flags: u32,
            ) -> i32 {
                let name = (name, name_len);
                // SAFETY: the host hands over a name.
                unsafe { exports::dir_times($files, dir, name, accessed, modified, flags) }
            }

            #[no_mangle]
            unsafe extern "C" fn obj_append(
                _context: u32,
                object: u64,
                bytes: *const u8,
                length: u32,
            ) -> i64 {
                // SAFETY: the host hands over bytes.
                unsafe { exports::obj_append($files, object, (bytes, length)) }
            }

            #[no_mangle]
            extern "C" fn obj_sync(_context: u32, object: u64, durability: u32) -> i32 {
                exports::obj_sync($files, object, durability)
            }

            #[no_mangle]
            extern "C" fn obj_poll(_context: u32, object: u64, interest: u32) -> i32 {
                exports::obj_poll($files, object, interest)
            }

            #[no_mangle]
            unsafe extern "C" fn obj_stat(
                _context: u32,
                object: u64,
                entry: *mut exports::Entry,
            ) -> i32 {
                // SAFETY: the host hands over room for an entry.
                unsafe { exports::obj_stat($files, object, entry) }
            }

            #[no_mangle]
            unsafe extern "C" fn obj_read(
                _context: u32,
                object: u64,
                offset: u64,
                buffer: *mut u8,
                length: u32,
            ) -> i32 {
                // SAFETY: the host hands over room for bytes.
                unsafe { exports::obj_read($files, object, offset, (buffer, length)) }
            }

            #[no_mangle]
            unsafe extern "C" fn obj_write(
                _context: u32,
                object: u64,
                offset: u64,
                bytes: *const u8,
                length: u32,
            ) -> i32 {
                // SAFETY: the host hands over bytes.
                unsafe { exports::obj_write($files, object, offset, (bytes, length)) }
            }

            #[no_mangle]
            extern "C" fn obj_resize(_context: u32, object: u64, size: u64) -> i32 {
                exports::obj_resize($files, object, size)
            }

            #[no_mangle]
            extern "C" fn obj_times(
                _context: u32,
                object: u64,
                accessed: u64,
                modified: u64,
                flags: u32,
            ) -> i32 {
                exports::obj_times($files, object, accessed, modified, flags)
            }

            #[no_mangle]
            extern "C" fn obj_drop(_context: u32, object: u64) -> i32 {
                exports::obj_drop($files, object)
            }
        };
    };
}

/// Exports functions that are handed a directory and a name.
#[doc(hidden)]
#[macro_export]
macro_rules! __export_named {
    ($files:expr; $($name:ident($method:ident))*) => {
        $(
            #[no_mangle]
            unsafe extern "C" fn $name(
                _context: u32,
                dir: u64,
                name: *const u8,
                name_len: u32,
            ) -> i32 {
                // SAFETY: the host hands over a name.
                unsafe {
                    $crate::__exports::named((name, name_len), |name| {
                        $crate::Files::$method($files, dir, name)
                    })
                }
            }
        )*
    };
}

/// Exports functions that are handed a directory and a name, and tell of an object.
#[doc(hidden)]
#[macro_export]
macro_rules! __export_found {
    ($files:expr; $($name:ident($method:ident))*) => {
        $(
            #[no_mangle]
            unsafe extern "C" fn $name(
                _context: u32,
                dir: u64,
                name: *const u8,
                name_len: u32,
                entry: *mut $crate::__exports::Entry,
            ) -> i32 {
                // SAFETY: the host hands over a name, and room for an entry.
                unsafe {
                    $crate::__exports::found((name, name_len), entry, |name| {
                        $crate::Files::$method($files, dir, name)
                    })
                }
            }
        )*
    };
}

/// Exports functions that are handed two directories with a name in each.
#[doc(hidden)]
#[macro_export]
macro_rules! __export_moved {
    ($files:expr; $($name:ident($method:ident))*) => {
        $(
            #[no_mangle]
            unsafe extern "C" fn $name(
                _context: u32,
                dir: u64,
                name: *const u8,
                name_len: u32,
                to_dir: u64,
                to_name: *const u8,
                to_name_len: u32,
            ) -> i32 {
                let (name, to_name) = ((name, name_len), (to_name, to_name_len));
                // SAFETY: the host hands over two names.
                unsafe {
                    $crate::__exports::moved(name, to_name, |name, to_name| {
                        $crate::Files::$method($files, dir, name, to_dir, to_name)
                    })
                }
            }
        )*
    };
}
