//! Streams, pollables and the clock, of which none ever waits.
//!
//! What the engine's WASI crate does asynchronously is begun here and has to be done at once: all that a
//! policy can have is ready at any time. A policy that asks for something else ends.

use async_streams::{HostInputStream as In, HostOutputStream as Out};
use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};
use wasmtime::component::{HasData, Resource, ResourceTable};
use wasmtime_wasi::{
    async_trait,
    p2::{
        DynInputStream, DynOutputStream, DynPollable, Pollable, StreamError, StreamResult,
        bindings::{
            clocks::monotonic_clock,
            io::{poll as async_poll, streams as async_streams},
            sync::io::{poll, streams},
        },
        subscribe,
    },
};

/// The resources of an instance, to the engine's own functions.
pub(super) struct Table;

impl HasData for Table {
    type Data<'a> = &'a mut ResourceTable;
}

/// The same, to the functions here.
pub(super) struct NeverWaiting;

impl HasData for NeverWaiting {
    type Data<'a> = Still<'a>;
}

/// The resources of an instance.
pub(super) struct Still<'a>(pub(super) &'a mut ResourceTable);

/// What has to be done at once.
fn at_once<T>(work: impl Future<Output = T>) -> wasmtime::Result<T> {
    match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => Ok(done),
        Poll::Pending => Err(wasmtime::Error::msg("it waits, and a policy may not")),
    }
}

fn stream_at_once<T>(work: impl Future<Output = StreamResult<T>>) -> StreamResult<T> {
    at_once(work).map_err(StreamError::Trap)?
}

/// A time that has come, whichever it is: nothing would come of waiting for a clock that stands still.
struct Now;

#[async_trait]
impl Pollable for Now {
    async fn ready(&mut self) {}
}

impl monotonic_clock::Host for Still<'_> {
    fn now(&mut self) -> wasmtime::Result<monotonic_clock::Instant> {
        Ok(0)
    }

    fn resolution(&mut self) -> wasmtime::Result<monotonic_clock::Duration> {
        Ok(1)
    }

    fn subscribe_instant(
        &mut self,
        _: monotonic_clock::Instant,
    ) -> wasmtime::Result<Resource<DynPollable>> {
        let now = self.0.push(Now)?;
        subscribe(self.0, now)
    }

    fn subscribe_duration(
        &mut self,
        _: monotonic_clock::Duration,
    ) -> wasmtime::Result<Resource<DynPollable>> {
        let now = self.0.push(Now)?;
        subscribe(self.0, now)
    }
}

impl poll::Host for Still<'_> {
    fn poll(&mut self, pollables: Vec<Resource<DynPollable>>) -> wasmtime::Result<Vec<u32>> {
        at_once(async_poll::Host::poll(self.0, pollables))?
    }
}

impl poll::HostPollable for Still<'_> {
    fn ready(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<bool> {
        at_once(async_poll::HostPollable::ready(self.0, pollable))?
    }

    fn block(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<()> {
        at_once(async_poll::HostPollable::block(self.0, pollable))?
    }

    fn drop(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<()> {
        async_poll::HostPollable::drop(self.0, pollable)
    }
}

impl streams::Host for Still<'_> {
    fn convert_stream_error(
        &mut self,
        error: StreamError,
    ) -> wasmtime::Result<streams::StreamError> {
        Ok(
            match async_streams::Host::convert_stream_error(self.0, error)? {
                async_streams::StreamError::LastOperationFailed(error) => {
                    streams::StreamError::LastOperationFailed(error)
                }
                async_streams::StreamError::Closed => streams::StreamError::Closed,
            },
        )
    }
}

impl streams::HostOutputStream for Still<'_> {
    fn drop(&mut self, stream: Resource<DynOutputStream>) -> wasmtime::Result<()> {
        at_once(Out::drop(self.0, stream))?
    }

    fn check_write(&mut self, stream: Resource<DynOutputStream>) -> StreamResult<u64> {
        Out::check_write(self.0, stream)
    }

    fn write(&mut self, stream: Resource<DynOutputStream>, octets: Vec<u8>) -> StreamResult<()> {
        Out::write(self.0, stream, octets)
    }

    fn blocking_write_and_flush(
        &mut self,
        stream: Resource<DynOutputStream>,
        octets: Vec<u8>,
    ) -> StreamResult<()> {
        stream_at_once(Out::blocking_write_and_flush(self.0, stream, octets))
    }

    fn blocking_write_zeroes_and_flush(
        &mut self,
        stream: Resource<DynOutputStream>,
        count: u64,
    ) -> StreamResult<()> {
        stream_at_once(Out::blocking_write_zeroes_and_flush(self.0, stream, count))
    }

    fn subscribe(
        &mut self,
        stream: Resource<DynOutputStream>,
    ) -> wasmtime::Result<Resource<DynPollable>> {
        subscribe(self.0, stream)
    }

    fn write_zeroes(&mut self, stream: Resource<DynOutputStream>, count: u64) -> StreamResult<()> {
        Out::write_zeroes(self.0, stream, count)
    }

    fn flush(&mut self, stream: Resource<DynOutputStream>) -> StreamResult<()> {
        Out::flush(self.0, stream)
    }

    fn blocking_flush(&mut self, stream: Resource<DynOutputStream>) -> StreamResult<()> {
        stream_at_once(Out::blocking_flush(self.0, stream))
    }

    fn splice(
        &mut self,
        to: Resource<DynOutputStream>,
        from: Resource<DynInputStream>,
        count: u64,
    ) -> StreamResult<u64> {
        Out::splice(self.0, to, from, count)
    }

    fn blocking_splice(
        &mut self,
        to: Resource<DynOutputStream>,
        from: Resource<DynInputStream>,
        count: u64,
    ) -> StreamResult<u64> {
        stream_at_once(Out::blocking_splice(self.0, to, from, count))
    }
}

impl streams::HostInputStream for Still<'_> {
    fn drop(&mut self, stream: Resource<DynInputStream>) -> wasmtime::Result<()> {
        at_once(In::drop(self.0, stream))?
    }

    fn read(&mut self, stream: Resource<DynInputStream>, count: u64) -> StreamResult<Vec<u8>> {
        In::read(self.0, stream, count)
    }

    fn blocking_read(
        &mut self,
        stream: Resource<DynInputStream>,
        count: u64,
    ) -> StreamResult<Vec<u8>> {
        stream_at_once(In::blocking_read(self.0, stream, count))
    }

    fn skip(&mut self, stream: Resource<DynInputStream>, count: u64) -> StreamResult<u64> {
        In::skip(self.0, stream, count)
    }

    fn blocking_skip(&mut self, stream: Resource<DynInputStream>, count: u64) -> StreamResult<u64> {
        stream_at_once(In::blocking_skip(self.0, stream, count))
    }

    fn subscribe(
        &mut self,
        stream: Resource<DynInputStream>,
    ) -> wasmtime::Result<Resource<DynPollable>> {
        subscribe(self.0, stream)
    }
}
