//! How often one address may ask the sign-in routes. Each asks the database, the provider, or both, before anybody is known.

use crate::base::FaultCode;
use crate::http::WebState;
use crate::http::error::Refusal;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use uuid::Uuid;

/// After how many requests addresses that have gone quiet are forgotten.
const TIDY_EVERY: u32 = 1024;

/// Counts requests by address.
pub struct SignInLimit {
    limiter: DefaultKeyedRateLimiter<IpAddr>,
    asked: AtomicU32,
}

impl SignInLimit {
    /// So many in a minute, all at once if need be.
    pub fn per_minute(count: u32) -> Self {
        let quota = Quota::per_minute(NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN));
        Self { limiter: DefaultKeyedRateLimiter::keyed(quota), asked: AtomicU32::new(0) }
    }

    /// The seconds to wait, if there were too many.
    fn check(&self, address: IpAddr) -> Result<(), u64> {
        if self.asked.fetch_add(1, Ordering::Relaxed) % TIDY_EVERY == TIDY_EVERY - 1 {
            self.limiter.retain_recent();
        }
        let refused = |until: governor::NotUntil<_>| until.wait_time_from(DefaultClock::default().now()).as_secs() + 1;
        self.limiter.check_key(&network(address)).map_err(refused)
    }
}

/// Whoever has an address of version 6 has the 2^64 beside it, too.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

/// Refuses who asks too often.
pub(crate) async fn limit(State(state): State<WebState>, request: Request, next: Next) -> Response {
    let address = state.proxies.client_address(request.extensions(), request.headers());
    // Who cannot be told apart counts as one.
    match state.sign_in_limit.check(address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))) {
        Ok(()) => next.run(request).await,
        Err(seconds) => {
            let message = format!("too many requests from this address; come again in {seconds} s");
            let mut response = Refusal::new(FaultCode::RateLimited, message, Uuid::now_v7()).into_response();
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            response
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_has_its_own_count() {
        let limit = SignInLimit::per_minute(2);
        let (one, other): (IpAddr, IpAddr) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        assert_eq!((limit.check(one), limit.check(one)), (Ok(()), Ok(())));
        assert!(limit.check(one).is_err_and(|seconds| (1..=31).contains(&seconds)));
        assert_eq!(limit.check(other), Ok(()));
    }

    #[test]
    fn neighbours_of_version_6_are_one() {
        assert_eq!(network("2001:db8:1:2:3:4:5:6".parse().unwrap()), network("2001:db8:1:2::".parse().unwrap()));
        assert_ne!(network("2001:db8:1:2::".parse().unwrap()), network("2001:db8:1:3::".parse().unwrap()));
    }
}
