//! Rate limits for what costs a query: a budget a minute for each source address. Live figures come from memory and are
//! not limited.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZero;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse};
use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};

use super::failure::{self, Reader, Refusal};
use super::services::Services;

type Limiter =
    RateLimiter<IpAddr, DefaultKeyedStateStore<IpAddr>, DefaultClock, StateInformationMiddleware>;

/// The budgets.
pub(super) struct Rates {
    limiter: Limiter,
    per_minute: u32,
}

/// What is left of a budget, for the headers of the answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Remaining {
    left: u32,
    per_minute: u32,
}

impl Rates {
    pub(super) fn new(per_minute: u32) -> Self {
        let quota = Quota::per_minute(NonZero::new(per_minute).unwrap_or(NonZero::<u32>::MIN));
        let limiter = RateLimiter::keyed(quota).with_middleware::<StateInformationMiddleware>();
        Self {
            limiter,
            per_minute,
        }
    }

    /// Takes one request from the budget of its source, or refuses it.
    pub(super) fn take(
        &self,
        request: &HttpRequest,
        services: &Services,
    ) -> Result<Remaining, Box<HttpResponse>> {
        let source = request
            .peer_addr()
            .map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |peer| {
                network_of(peer.ip())
            });
        match self.limiter.check_key(&source) {
            Ok(state) => Ok(Remaining {
                left: state.remaining_burst_capacity(),
                per_minute: self.per_minute,
            }),
            Err(refused) => {
                let wait = refused
                    .wait_time_from(DefaultClock::default().now())
                    .as_secs()
                    + 1;
                let detail = format!(
                    "more than {} requests a minute; try again in {wait} s",
                    self.per_minute
                );
                let refusal = Refusal::new(StatusCode::TOO_MANY_REQUESTS, detail);
                let mut response = failure::refuse(request, services, refusal, Reader::Program);
                if let Ok(wait) = header::HeaderValue::from_str(&wait.to_string()) {
                    response.headers_mut().insert(header::RETRY_AFTER, wait);
                }
                Err(Box::new(response))
            }
        }
    }

    /// Forgets sources that have their whole budget again.
    pub(super) fn tidy(&self) {
        self.limiter.retain_recent();
    }
}

impl Remaining {
    /// Puts what is left on an answer (draft-ietf-httpapi-ratelimit-headers).
    pub(super) fn put(self, response: &mut HttpResponse) {
        let policy = format!("\"source\";q={};w=60", self.per_minute);
        let left = format!("\"source\";r={};t=60", self.left);
        for (name, value) in [("ratelimit-policy", policy), ("ratelimit", left)] {
            if let Ok(value) = header::HeaderValue::from_str(&value) {
                let name = header::HeaderName::from_static(name);
                response.headers_mut().insert(name, value);
            }
        }
    }
}

/// A household or campus behind IPv6 has a /64.
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}
