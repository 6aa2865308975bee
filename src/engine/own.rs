// SPDX-License-Identifier: MIT
//! What a request owns besides its SQE: copies of what the SQE points to, so that the program may change or free it as soon as the
//! submission returns; and the other end of a thread that sleeps for it.

use super::ops::futex::Sleep;
use super::request::Request;
use crate::core::errno::Errno;
use crate::core::sys;
use ::alloc::boxed::Box;
use ::alloc::sync::Arc;
use ::alloc::vec::Vec;

/// Made when a request first needs it: most never do.
#[derive(Debug, Default)]
pub struct Own {
    /// Their bytes stay where they are until the request ends; the SQE's addresses name them.
    copies: Vec<Vec<u8>>,
    /// For a futex wait that sleeps: what its thread shares with us.
    pub sleep: Option<Arc<Sleep>>,
}

/// The longest path, its final zero included.
const PATH_MAX: usize = libc::PATH_MAX as usize;
/// Bytes read first: most strings are shorter.
const FIRST_STEP: usize = 128;
/// Memory is mapped in multiples of this: what begins in such a block can be read to its end.
const BLOCK: usize = 4096;

impl Request {
    pub fn own(&mut self) -> &mut Own {
        self.own.get_or_insert_with(Box::default)
    }

    /// Keeps bytes until the request ends; their address, for the SQE.
    pub fn keep(&mut self, mut bytes: Vec<u8>) -> Result<u64, Errno> {
        let address = bytes.as_mut_ptr() as usize as u64;
        let copies = &mut self.own().copies;
        copies.try_reserve(1).map_err(|_| Errno::NOMEM)?;
        copies.push(bytes);
        Ok(address)
    }

    /// Keeps `len` bytes of the program's.
    pub fn keep_bytes(&mut self, from: u64, len: usize) -> Result<u64, Errno> {
        let mut bytes = zeroes(len)?;
        // SAFETY: room for as many bytes; the address may be bad.
        unsafe { sys::copy_from_program(bytes.as_mut_ptr().cast(), from, len) }?;
        self.keep(bytes)
    }

    /// Keeps room for `len` bytes, which are zero.
    pub fn keep_zeroes(&mut self, len: usize) -> Result<u64, Errno> {
        self.keep(zeroes(len)?)
    }

    /// Keeps a path; an empty one is -ENOENT unless `empty` allows it.
    pub fn keep_path(&mut self, from: u64, empty: bool) -> Result<u64, Errno> {
        let path = read_string(from, PATH_MAX)?.ok_or(Errno::from_raw(libc::ENAMETOOLONG))?;
        if path.len() == 1 && !empty {
            return Err(Errno::NOENT);
        }
        self.keep(path)
    }
}

fn zeroes(len: usize) -> Result<Vec<u8>, Errno> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(len).map_err(|_| Errno::NOMEM)?;
    bytes.resize(len, 0);
    Ok(bytes)
}

/// A string of the program's with its final zero, or none where `room` bytes do not hold that zero.
pub fn read_string(from: u64, room: usize) -> Result<Option<Vec<u8>>, Errno> {
    let mut text = Vec::new();
    let mut step = FIRST_STEP;
    while text.len() < room {
        let (begin, at) = (text.len(), from.wrapping_add(text.len() as u64));
        // The block behind the string's last may not be there.
        let part = step.min(room - begin).min(BLOCK - at as usize % BLOCK);
        text.try_reserve(part).map_err(|_| Errno::NOMEM)?;
        text.resize(begin + part, 0);
        // SAFETY: room for as many bytes; the address may be bad.
        unsafe { sys::copy_from_program(text[begin..].as_mut_ptr().cast(), at, part) }?;
        if let Some(end) = text[begin..].iter().position(|byte| *byte == 0) {
            text.truncate(begin + end + 1);
            return Ok(Some(text));
        }
        step = BLOCK;
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_read_to_their_zero_and_no_further() {
        let text = b"name\0behind".to_vec();
        assert_eq!(read_string(text.as_ptr() as u64, 100), Ok(Some(b"name\0".to_vec())));
        assert_eq!(read_string(text.as_ptr() as u64, 5), Ok(Some(b"name\0".to_vec())));
        assert_eq!(read_string(text.as_ptr() as u64, 4), Ok(None));
        assert_eq!(read_string(8, 100), Err(Errno::FAULT));
    }

    #[test]
    fn a_string_may_end_with_its_mapping() {
        // SAFETY: fresh memory, of which the second half is given back; the string ends where the first half does.
        unsafe {
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
            let area = sys::mmap(2 * 65536, flags, -1, 0).unwrap().cast::<u8>();
            sys::munmap(area.add(65536).cast(), 65536).unwrap();
            area.add(65536 - 300).write_bytes(b'x', 299);
            let text = read_string(area.add(65536 - 300) as u64, PATH_MAX).unwrap().unwrap();
            assert_eq!(text.len(), 300);
            area.add(65535).write(b'x');
            assert_eq!(read_string(area.add(65536 - 300) as u64, PATH_MAX), Err(Errno::FAULT));
            sys::munmap(area.cast(), 65536).unwrap();
        }
    }
}
