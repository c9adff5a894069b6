//! Whose word counts on where a request comes from.

use testkit::serve;

use super::shared_mock;

#[tokio::test]
async fn an_address_is_counted_as_the_trusted_proxy_names_it() {
    let limited =
        format!("{}trusted_proxies: [127.0.0.1/32]\nlimits: {{ per_address: 2/h }}\n", shared_mock());
    let lobby = serve(&limited).await;
    let from = |client: &str| lobby.get("/open").header("x-forwarded-for", client);
    from("192.0.2.1").await.is_allowed();
    from("192.0.2.1").await.is_allowed();
    from("192.0.2.1").await.is(429);
    // What stands before the proxy's own word is the client's invention.
    from("198.51.100.7, 192.0.2.1").await.is(429);
    from("192.0.2.2").await.is_allowed();
    // A household of IPv6 is one.
    from("2001:db8:1:2::1").await.is_allowed();
    from("2001:db8:1:2::2").await.is_allowed();
    from("[2001:db8:1:2:3::4]:443").await.is(429);
}

#[tokio::test]
async fn a_stranger_who_names_another_address_is_counted_as_itself() {
    let limited = format!("{}limits: {{ per_address: 2/h }}\n", shared_mock());
    let lobby = serve(&limited).await;
    for number in 0..2 {
        lobby.get("/open").header("x-forwarded-for", &format!("192.0.2.{number}")).await.is_allowed();
    }
    lobby.get("/open").header("x-forwarded-for", "192.0.2.9").await.is(429);
    lobby.get("/open").header("forwarded", "for=192.0.2.9").await.is(429);
}
