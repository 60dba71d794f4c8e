use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// A bounded queue between tasks, which never wait for it, and threads, which do.
pub(in crate::db::drivers) struct Queue<T> {
    state: Mutex<State<T>>,
    filled: Condvar,
    capacity: usize,
}

struct State<T> {
    items: VecDeque<T>,
    closed: bool,
}

/// Why an item was not taken; it is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::db::drivers) enum Refused {
    /// There are too many already.
    Full,
    /// The queue was closed.
    Closed,
}

impl<T> Queue<T> {
    /// An empty queue for so many items.
    pub(in crate::db::drivers) fn new(capacity: usize) -> Self {
        let state = State { items: VecDeque::new(), closed: false };
        Self { state: Mutex::new(state), filled: Condvar::new(), capacity: capacity.max(1) }
    }

    /// Adds an item.
    ///
    /// # Errors
    /// When the queue is full or closed.
    pub(in crate::db::drivers) fn push(&self, item: T) -> Result<(), Refused> {
        let mut state = self.lock();
        if state.closed {
            return Err(Refused::Closed);
        }
        if state.items.len() >= self.capacity {
            return Err(Refused::Full);
        }
        state.items.push_back(item);
        drop(state);
        self.filled.notify_one();
        Ok(())
    }

    /// Waits for an item; none when the queue is closed and empty.
    pub(in crate::db::drivers) fn pop(&self) -> Option<T> {
        self.pop_group(1, |_| true).pop()
    }

    /// Waits for an item and takes those behind it too, up to `max`, as long as all of them, the first
    /// included, are `groupable`. Empty when the queue is closed and empty.
    pub(in crate::db::drivers) fn pop_group(&self, max: usize, groupable: impl Fn(&T) -> bool) -> Vec<T> {
        let mut state = self.lock();
        let first = loop {
            if let Some(item) = state.items.pop_front() {
                break item;
            }
            if state.closed {
                return Vec::new();
            }
            state = self.filled.wait(state).unwrap_or_else(PoisonError::into_inner);
        };
        let mut group = vec![first];
        if groupable(&group[0]) {
            while group.len() < max && state.items.front().is_some_and(&groupable) {
                group.extend(state.items.pop_front());
            }
        }
        group
    }

    /// Whether nothing waits.
    pub(in crate::db::drivers) fn is_empty(&self) -> bool {
        self.lock().items.is_empty()
    }

    /// Takes no more items; those that wait are still given out.
    pub(in crate::db::drivers) fn close(&self) {
        self.lock().closed = true;
        self.filled.notify_all();
    }

    // No code that can panic runs under the lock, so its state is sound even when poisoned.
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_ends_before_what_must_run_alone() {
        let queue = Queue::new(9);
        for n in [1, 2, -3, 4] {
            queue.push(n).expect("room");
        }
        let groupable = |n: &i32| *n > 0;
        assert_eq!(queue.pop_group(8, groupable), [1, 2]);
        assert_eq!(queue.pop_group(8, groupable), [-3]);
        assert_eq!(queue.pop_group(8, groupable), [4]);
    }

    #[test]
    fn a_full_or_closed_queue_refuses_and_gives_out_the_rest() {
        let queue = Queue::new(1);
        queue.push(1).expect("room");
        assert_eq!(queue.push(2), Err(Refused::Full));
        queue.close();
        assert_eq!(queue.push(3), Err(Refused::Closed));
        assert_eq!(queue.pop(), Some(1));
        assert_eq!(queue.pop(), None);
    }
}
