//! The certificates of one `podschool cluster`: an authority, the server's, the administrator's; and the kubeconfig that holds them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use objects::UserInfo;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use sha2::Digest;
use std::net::IpAddr;
use std::sync::Arc;

/// Everything that was made; it lives as long as the process.
pub struct Certificates {
    authority_pem: String,
    authority: CertificateDer<'static>,
    server: CertificateDer<'static>,
    server_key: KeyPair,
    client: CertificateDer<'static>,
    client_pem: String,
    client_key: KeyPair,
    admin: UserInfo,
}

type Error = Box<dyn std::error::Error + Send + Sync>;

fn named(common_name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, common_name);
    params
}

impl Certificates {
    /// Makes them for a server that is reached at `ip` and as localhost.
    pub fn new(ip: IpAddr, admin: &UserInfo) -> Result<Certificates, Error> {
        let authority_key = KeyPair::generate()?;
        // A name of its own: with the same subject as the server's, the server's would pass for self-signed.
        let mut authority = named("podschool-ca");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.key_usages = vec![
            KeyUsagePurpose::KeyCertSign,
            KeyUsagePurpose::DigitalSignature,
        ];
        let authority_certificate = authority.self_signed(&authority_key)?;
        let issuer = Issuer::new(authority, authority_key);

        let server_key = KeyPair::generate()?;
        let mut names = vec![
            "localhost".to_string(),
            "127.0.0.1".to_string(),
            "::1".to_string(),
        ];
        names.push("kubernetes.default.svc".into());
        if !names.contains(&ip.to_string()) {
            names.push(ip.to_string());
        }
        let mut server = CertificateParams::new(names)?;
        server.distinguished_name = named("kube-apiserver").distinguished_name;
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let server = server.signed_by(&server_key, &issuer)?;

        let client_key = KeyPair::generate()?;
        let mut client = named(&admin.name);
        if let Some(group) = admin.groups.first() {
            client
                .distinguished_name
                .push(DnType::OrganizationName, group.as_str());
        }
        client.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let client = client.signed_by(&client_key, &issuer)?;

        Ok(Certificates {
            authority_pem: authority_certificate.pem(),
            authority: authority_certificate.der().clone(),
            server: server.der().clone(),
            server_key,
            client_pem: client.pem(),
            client: client.der().clone(),
            client_key,
            admin: admin.clone(),
        })
    }

    /// Who comes with the client certificate: the only one that the authority has signed for clients.
    pub fn user(&self) -> UserInfo {
        let digest = sha2::Sha256::digest(&self.client);
        let print: String = digest.iter().map(|b| format!("{b:02x}")).collect();
        let mut user = self.admin.clone();
        let key = "authentication.kubernetes.io/credential-id".to_string();
        user.extra.insert(key, vec![format!("X509SHA256={print}")]);
        user
    }

    /// TLS that asks for the client certificate and lets those without one in as nobody.
    pub fn server_config(&self) -> Result<Arc<rustls::ServerConfig>, Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = rustls::RootCertStore::empty();
        roots.add(self.authority.clone())?;
        let verifier = rustls::server::WebPkiClientVerifier::builder_with_provider(
            Arc::new(roots),
            provider.clone(),
        )
        .allow_unauthenticated()
        .build()?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.server_key.serialize_der()));
        let chain = vec![self.server.clone(), self.authority.clone()];
        let mut config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_client_cert_verifier(verifier)
            .with_single_cert(chain, key)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

/// A kubeconfig with one cluster, one user and one context, all named `podschool`.
pub fn kubeconfig(server: &str, certificates: Option<&Certificates>) -> String {
    let data = |pem: &str| STANDARD.encode(pem);
    let (authority, user) = match certificates {
        Some(c) => (
            format!(
                "    certificate-authority-data: {}\n",
                data(&c.authority_pem)
            ),
            format!(
                "    client-certificate-data: {}\n    client-key-data: {}\n",
                data(&c.client_pem),
                data(&c.client_key.serialize_pem())
            ),
        ),
        None => (String::new(), String::new()),
    };
    let user = if user.is_empty() {
        "  user: {}\n".to_string()
    } else {
        format!("  user:\n{user}")
    };
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: podschool\nclusters:\n- name: podschool\n  cluster:\n{authority}    \
         server: {server}\ncontexts:\n- name: podschool\n  context:\n    cluster: podschool\n    namespace: default\n    \
         user: podschool\nusers:\n- name: podschool\n{user}"
    )
}
