//! Which requests are accepted: programs of the same machine, and every web page in its browser, can send some.

use std::hint::black_box;

use hyper::header::{HOST, HeaderMap, ORIGIN};
use hyper::{Method, StatusCode};

/// What a request must know and where it must come from.
pub struct RequestGuard {
    token: String,
    port: u16,
}

impl RequestGuard {
    pub const fn new(token: String, port: u16) -> Self {
        Self { token, port }
    }

    /// The address of the page.
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}/{}/", self.port, self.token)
    }

    /// The path below the token.
    ///
    /// # Errors
    /// With the status that the request is answered with.
    pub fn admit<'a>(
        &self,
        method: &Method,
        path: &'a str,
        headers: &HeaderMap,
    ) -> Result<&'a str, StatusCode> {
        let ours = [
            format!("127.0.0.1:{}", self.port),
            format!("localhost:{}", self.port),
        ];
        let only = |name| {
            let mut all = headers.get_all(name).iter();
            let first = all.next().map(|value| value.to_str().unwrap_or("?"));
            (first, all.next().is_some())
        };
        // A name that leads here from elsewhere (DNS rebinding).
        match only(HOST) {
            (Some(host), false) if ours.iter().any(|our| our.eq_ignore_ascii_case(host)) => {}
            _ => return Err(StatusCode::FORBIDDEN),
        }
        match only(ORIGIN) {
            (None, _) => {}
            (Some(origin), false) if ours.iter().any(|our| origin == format!("http://{our}")) => {}
            _ => return Err(StatusCode::FORBIDDEN),
        }
        let site = headers.get("sec-fetch-site").map(|value| value.as_bytes());
        if !matches!(site, None | Some(b"same-origin" | b"none")) {
            return Err(StatusCode::FORBIDDEN);
        }
        let (given, rest) = path
            .strip_prefix('/')
            .and_then(|p| p.split_once('/'))
            .unwrap_or(("", ""));
        if !same(given.as_bytes(), self.token.as_bytes()) {
            return Err(StatusCode::NOT_FOUND);
        }
        if ![Method::GET, Method::POST].contains(method) {
            return Err(StatusCode::METHOD_NOT_ALLOWED);
        }
        Ok(rest)
    }
}

/// Whether two texts are the same, in a time that does not depend on where they differ.
fn same(given: &[u8], expected: &[u8]) -> bool {
    let mut different = u8::from(given.len() != expected.len());
    for (at, byte) in expected.iter().enumerate() {
        different |= black_box(byte ^ given.get(at).copied().unwrap_or(0));
    }
    black_box(different) == 0
}

/// 32 hexadecimal digits of the system's randomness.
///
/// # Errors
/// When the system has none.
pub fn token() -> Result<String, String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|e| format!("no randomness: {e}"))?;
    Ok(crate::foundation::digest::hex(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;

    fn asked(path: &str, headers: &[(&'static str, &'static str)]) -> Result<String, u16> {
        let guard = RequestGuard::new("0123456789abcdef0123456789abcdef".into(), 7777);
        let mut all = HeaderMap::new();
        for (name, value) in headers {
            all.append(*name, HeaderValue::from_static(value));
        }
        let admitted = guard.admit(&Method::GET, path, &all);
        admitted.map(String::from).map_err(|status| status.as_u16())
    }

    #[test]
    fn only_requests_of_the_page_itself_come_in() {
        const PATH: &str = "/0123456789abcdef0123456789abcdef/page.js";
        const HERE: (&str, &str) = ("host", "127.0.0.1:7777");
        assert_eq!(asked(PATH, &[HERE]), Ok("page.js".into()));
        assert_eq!(
            asked(
                PATH,
                &[
                    ("host", "localhost:7777"),
                    ("origin", "http://127.0.0.1:7777"),
                    ("sec-fetch-site", "same-origin")
                ]
            ),
            Ok("page.js".into())
        );
        for (path, headers, status) in [
            (PATH, vec![], 403),
            (PATH, vec![("host", "evil.example:7777")], 403),
            (PATH, vec![("host", "127.0.0.1:7778")], 403),
            (PATH, vec![HERE, ("host", "evil.example")], 403),
            (PATH, vec![HERE, ("origin", "http://evil.example")], 403),
            (PATH, vec![HERE, ("origin", "null")], 403),
            (PATH, vec![HERE, ("sec-fetch-site", "cross-site")], 403),
            (PATH, vec![HERE, ("sec-fetch-site", "same-site")], 403),
            ("/0123456789abcdef0123456789abcdee/page.js", vec![HERE], 404),
            (
                "/0123456789abcdef0123456789abcdef0/page.js",
                vec![HERE],
                404,
            ),
            ("/0123456789abcdef0123456789abcdef", vec![HERE], 404),
            ("//page.js", vec![HERE], 404),
            ("/", vec![HERE], 404),
        ] {
            assert_eq!(asked(path, &headers), Err(status), "{path} {headers:?}");
        }
    }
}
