//! The certificates of one `podschool cluster`: an authority, the server's, the administrator's; and the kubeconfig that holds them.
//!
//! They live as long as the process, or, in a folder of `--pki`, as long as that: `ca.crt`, `ca.key`, `admin.crt`, `admin.key`, in PEM. The
//! server's own is made anew at each start. (kubernetes.io/docs/setup/best-practices/certificates)

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use objects::UserInfo;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use sha2::Digest;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

/// What clients know a cluster by: in PEM, as it is kept.
struct Root {
    authority: String,
    authority_key: String,
    client: String,
    client_key: String,
}

/// Everything that is needed to serve.
pub struct Certificates {
    root: Root,
    authority: CertificateDer<'static>,
    server: CertificateDer<'static>,
    server_key: KeyPair,
    client: CertificateDer<'static>,
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

/// The authority's own certificate, to be signed or to sign with.
fn authority() -> CertificateParams {
    // A name of its own: with the same subject as the server's, the server's would pass for self-signed.
    let mut params = named("podschool-ca");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![
        KeyUsagePurpose::KeyCertSign,
        KeyUsagePurpose::DigitalSignature,
    ];
    params
}

impl Root {
    fn new(admin: &UserInfo) -> Result<Root, Error> {
        let key = KeyPair::generate()?;
        let key_pem = key.serialize_pem();
        let own = authority().self_signed(&key)?;
        let issuer = Issuer::new(authority(), key);
        let client_key = KeyPair::generate()?;
        let mut client = named(&admin.name);
        if let Some(group) = admin.groups.first() {
            client
                .distinguished_name
                .push(DnType::OrganizationName, group.as_str());
        }
        client.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        Ok(Root {
            authority: own.pem(),
            authority_key: key_pem,
            client: client.signed_by(&client_key, &issuer)?.pem(),
            client_key: client_key.serialize_pem(),
        })
    }

    /// Reads the folder's files; makes and writes them where there is no `ca.key`.
    fn kept_in(folder: &Path, admin: &UserInfo) -> Result<Root, Error> {
        let read = |name: &str| std::fs::read_to_string(folder.join(name));
        if folder.join("ca.key").exists() {
            return Ok(Root {
                authority: read("ca.crt")?,
                authority_key: read("ca.key")?,
                client: read("admin.crt")?,
                client_key: read("admin.key")?,
            });
        }
        let root = Root::new(admin)?;
        std::fs::create_dir_all(folder)?;
        // The authority's key comes last: with it the folder is complete.
        for (name, text) in [
            ("ca.crt", &root.authority),
            ("admin.crt", &root.client),
            ("admin.key", &root.client_key),
            ("ca.key", &root.authority_key),
        ] {
            super::write_private(&folder.join(name), text)?;
        }
        Ok(root)
    }
}

impl Certificates {
    /// For a server that is reached at `ip` and as localhost; `kept` is the folder of what outlives the process.
    pub fn new(ip: IpAddr, admin: &UserInfo, kept: Option<&Path>) -> Result<Certificates, Error> {
        let root = match kept {
            Some(folder) => Root::kept_in(folder, admin)?,
            None => Root::new(admin)?,
        };
        let issuer = Issuer::new(authority(), KeyPair::from_pem(&root.authority_key)?);
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
        Ok(Certificates {
            authority: CertificateDer::from_pem_slice(root.authority.as_bytes())?,
            client: CertificateDer::from_pem_slice(root.client.as_bytes())?,
            server: server.der().clone(),
            server_key,
            admin: admin.clone(),
            root,
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
                data(&c.root.authority)
            ),
            format!(
                "    client-certificate-data: {}\n    client-key-data: {}\n",
                data(&c.root.client),
                data(&c.root.client_key)
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
