//! Plain data in shared memory, under a lock that is held for microseconds; a process that waits for it can still end.
//!
//! The server's own wait for a lock sleeps until it is given back, even when the postmaster has died and whoever held
//! the lock is gone. So the lock is asked for again and again, and a process without a postmaster ends instead.
//! Whatever runs under the lock calls nothing of the server: it cannot raise an error and leave the lock held.

use std::cell::UnsafeCell;
use std::ffi::CStr;
use std::time::Duration;

use pgrx::pg_sys;
use pgrx::{PGRXSharedMemory, PgSharedMemoryInitialization};

use super::process::leave_without_postmaster;

/// How long to wait before the lock is asked for again: it is held for microseconds.
const PAUSE: Duration = Duration::from_micros(200);

/// Data that every process of the server sees, once the library was preloaded.
pub struct Shared<T> {
    name: &'static CStr,
    place: UnsafeCell<*mut Place<T>>,
}

#[repr(C)]
struct Place<T> {
    lock: *mut pg_sys::LWLock,
    data: UnsafeCell<T>,
}

// SAFETY: the pointer is written once, by the postmaster, before any other process exists; the data are reached under
// the lock alone.
unsafe impl<T: PGRXSharedMemory> Sync for Shared<T> {}

impl<T: PGRXSharedMemory> Shared<T> {
    /// `name` is unique among all shared memory of the server.
    pub const fn new(name: &'static CStr) -> Shared<T> {
        Shared {
            name,
            place: UnsafeCell::new(std::ptr::null_mut()),
        }
    }

    /// Looks at the data. `None` in a server that did not preload the library, and in a process that ends because the
    /// postmaster died. `look` must not call the server.
    pub fn read<R>(&self, look: impl FnOnce(&T) -> R) -> Option<R> {
        let held = self.hold(pg_sys::LWLockMode::LW_SHARED)?;
        // SAFETY: nobody changes them while this lock is held.
        Some(look(unsafe { &*held.0.data.get() }))
    }

    /// The same, to change them.
    pub fn change<R>(&self, alter: impl FnOnce(&mut T) -> R) -> Option<R> {
        let held = self.hold(pg_sys::LWLockMode::LW_EXCLUSIVE)?;
        // SAFETY: nobody else reads or changes them while this lock is held.
        Some(alter(unsafe { &mut *held.0.data.get() }))
    }

    fn hold(&self, mode: pg_sys::LWLockMode::Type) -> Option<Held<'_, T>> {
        // SAFETY: set before this process was forked, never changed since.
        let place = unsafe { self.place.get().read().as_ref() }?;
        // SAFETY: main thread; a lock of ours.
        while !unsafe { pg_sys::LWLockConditionalAcquire(place.lock, mode) } {
            if !leave_without_postmaster() {
                return None;
            }
            std::thread::sleep(PAUSE);
        }
        Some(Held(place))
    }
}

/// The lock, until dropped.
struct Held<'a, T>(&'a Place<T>);

impl<T> Drop for Held<'_, T> {
    fn drop(&mut self) {
        // SAFETY: acquired by whoever made this; what ran since raised no error of the server.
        unsafe { pg_sys::LWLockRelease(self.0.lock) }
    }
}

impl<T: PGRXSharedMemory> PgSharedMemoryInitialization for Shared<T> {
    type Value = T;

    unsafe fn on_shmem_request(&'static self) {
        // SAFETY: called from the server's hook for requests.
        unsafe {
            pg_sys::RequestAddinShmemSpace(size_of::<Place<T>>());
            pg_sys::RequestNamedLWLockTranche(self.name.as_ptr(), 1);
        }
    }

    unsafe fn on_shmem_startup(&'static self, value: T) {
        // SAFETY: called from the server's hook for start-up: by the postmaster before it forks, or by a process that
        // was not forked and finds what the postmaster made.
        unsafe {
            let mut is_there = false;
            let place =
                pg_sys::ShmemInitStruct(self.name.as_ptr(), size_of::<Place<T>>(), &mut is_there)
                    .cast::<Place<T>>();
            if !is_there {
                place.write(Place {
                    lock: &raw mut (*pg_sys::GetNamedLWLockTranche(self.name.as_ptr())).lock,
                    data: UnsafeCell::new(value),
                });
            }
            *self.place.get() = place;
        }
    }
}
