//! A streamed answer that is counted on its way to the client.

use super::meter::Meter;
use crate::chat::{Dialect, Frame};
use futures_util::{
    StreamExt as _,
    stream::{self, BoxStream},
};

/// The same frames; dropped before their end, the call was cancelled. A stream whose key is taken away ends with an
/// error, and the call upstream with it.
pub(super) fn metered(
    frames: BoxStream<'static, Frame>,
    meter: Meter,
    dialect: Dialect,
) -> BoxStream<'static, Frame> {
    let counted = stream::unfold(Some((frames, meter)), move |state| async move {
        let (mut frames, mut meter) = state?;
        let Some(frame) = frames.next().await else {
            meter.ended(false);
            return None;
        };
        if let Err(error) = meter.piece(&frame) {
            meter.ended(true);
            return Some((Frame::failed(dialect, *error), None));
        }
        if frame.error.is_some() {
            meter.ended(true);
            return Some((frame, None));
        }
        Some((frame, Some((frames, meter))))
    });
    counted.boxed()
}
