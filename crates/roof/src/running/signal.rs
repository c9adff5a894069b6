/// A signal that is listened for.
#[derive(Clone, Copy)]
pub(crate) enum SignalName {
    /// SIGHUP: reread.
    Hangup,
    /// SIGTERM: end.
    Terminate,
}

/// A signal that is listened for from the moment on that this is made.
pub(crate) struct Signal(#[cfg(unix)] Option<tokio::signal::unix::Signal>);

impl Signal {
    pub(crate) fn listen(name: SignalName) -> Self {
        #[cfg(unix)]
        {
            let kind = match name {
                SignalName::Hangup => tokio::signal::unix::SignalKind::hangup(),
                SignalName::Terminate => tokio::signal::unix::SignalKind::terminate(),
            };
            Self(tokio::signal::unix::signal(kind).ok())
        }
        #[cfg(not(unix))]
        {
            let _ = name;
            Self()
        }
    }

    pub(crate) async fn next(&mut self) {
        #[cfg(unix)]
        if let Some(signal) = &mut self.0 {
            signal.recv().await;
            return;
        }
        std::future::pending::<()>().await;
    }
}

/// SIGTERM, or SIGINT.
pub(crate) async fn told_to_end(terminate: &mut Signal) {
    tokio::select! {
        () = terminate.next() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
