//! The certificates of one `podschool cluster`: an authority, the server's, the administrator's; and the kubeconfig that holds them.
//!
//! They live as long as the process, or, in a folder of `--pki`, as long as that: `ca.crt`, `ca.key`, `admin.crt`, `admin.key`, in PEM. The
//! server's own is made anew at each start. (kubernetes.io/docs/setup/best-practices/certificates)

use crate::authority::{Authority, Error, Shown, named};
use crate::kubeconfig::{self, User};
use objects::UserInfo;
use rcgen::{DnType, ExtendedKeyUsagePurpose, KeyPair};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use sha2::Digest;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

/// What clients know a cluster by: in PEM, as it is kept.
struct Root {
    authority: Authority,
    client: String,
    client_key: String,
}

/// Everything that is needed to serve.
pub struct Certificates {
    root: Root,
    shown: Shown,
    client: CertificateDer<'static>,
    admin: UserInfo,
}

impl Root {
    fn new(admin: &UserInfo) -> Result<Root, Error> {
        let authority = Authority::new()?;
        let client_key = KeyPair::generate()?;
        let mut client = named(&admin.name);
        if let Some(group) = admin.groups.first() {
            client
                .distinguished_name
                .push(DnType::OrganizationName, group.as_str());
        }
        client.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        Ok(Root {
            client: client.signed_by(&client_key, &authority.issuer()?)?.pem(),
            client_key: client_key.serialize_pem(),
            authority,
        })
    }

    /// Reads the folder's files; makes and writes them where there is no `ca.key`.
    fn kept_in(folder: &Path, admin: &UserInfo) -> Result<Root, Error> {
        let read = |name: &str| std::fs::read_to_string(folder.join(name));
        if folder.join("ca.key").exists() {
            return Ok(Root {
                authority: Authority {
                    certificate: read("ca.crt")?,
                    key: read("ca.key")?,
                },
                client: read("admin.crt")?,
                client_key: read("admin.key")?,
            });
        }
        let root = Root::new(admin)?;
        std::fs::create_dir_all(folder)?;
        // The authority's key comes last: with it the folder is complete.
        for (name, text) in [
            ("ca.crt", &root.authority.certificate),
            ("admin.crt", &root.client),
            ("admin.key", &root.client_key),
            ("ca.key", &root.authority.key),
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
        Ok(Certificates {
            shown: root.authority.server(&[ip.to_string()])?,
            client: CertificateDer::from_pem_slice(root.client.as_bytes())?,
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
        roots.add(self.root.authority.der()?)?;
        let verifier = rustls::server::WebPkiClientVerifier::builder_with_provider(
            Arc::new(roots),
            provider.clone(),
        )
        .allow_unauthenticated()
        .build()?;
        let mut config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_client_cert_verifier(verifier)
            .with_single_cert(self.shown.chain.clone(), self.shown.key.clone_key())?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

/// The administrator's kubeconfig.
pub fn kubeconfig(server: &str, certificates: Option<&Certificates>) -> String {
    let user = certificates.map_or(User::Anyone, |c| User::Certificate {
        certificate: &c.root.client,
        key: &c.root.client_key,
    });
    let authority = certificates.map(|c| c.root.authority.certificate.as_str());
    kubeconfig::write(server, authority, "default", &user)
}
