//! A certificate authority of our own, for clients that get it with their kubeconfig: it signs the servers that they ask for.
//! (kubernetes.io/docs/setup/best-practices/certificates)

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use std::sync::Arc;

pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// The authority, in PEM.
pub struct Authority {
    pub certificate: String,
    pub key: String,
}

/// What a server shows: its certificate with the authority's behind it, and the key.
pub struct Shown {
    pub chain: Vec<CertificateDer<'static>>,
    pub key: PrivateKeyDer<'static>,
}

impl Authority {
    pub fn new() -> Result<Authority, Error> {
        let key = KeyPair::generate()?;
        Ok(Authority {
            certificate: params().self_signed(&key)?.pem(),
            key: key.serialize_pem(),
        })
    }

    /// Signs with the authority's key.
    pub fn issuer(&self) -> Result<Issuer<'static, KeyPair>, Error> {
        Ok(Issuer::new(params(), KeyPair::from_pem(&self.key)?))
    }

    /// The authority's certificate as TLS takes it.
    pub fn der(&self) -> Result<CertificateDer<'static>, Error> {
        Ok(CertificateDer::from_pem_slice(self.certificate.as_bytes())?)
    }

    /// A certificate for a server on this computer that is also known by `names`: host names and addresses.
    pub fn server(&self, names: &[String]) -> Result<Shown, Error> {
        let mut all: Vec<String> = ["localhost", "127.0.0.1", "::1", "kubernetes.default.svc"]
            .map(String::from)
            .to_vec();
        for name in names {
            if !all.contains(name) {
                all.push(name.clone());
            }
        }
        let key = KeyPair::generate()?;
        let mut server = CertificateParams::new(all)?;
        server.distinguished_name = named("kube-apiserver").distinguished_name;
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let server = server.signed_by(&key, &self.issuer()?)?;
        Ok(Shown {
            chain: vec![server.der().clone(), self.der()?],
            key: PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
        })
    }
}

impl Shown {
    /// TLS for clients that tell who they are later, by a token.
    pub fn open_config(self) -> Result<rustls::ServerConfig, Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(self.chain, self.key)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }
}

/// A certificate to be, with a common name.
pub fn named(common_name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, common_name);
    params
}

/// The authority's own certificate, to be signed or to sign with.
fn params() -> CertificateParams {
    // A name of its own: with the same subject as the server's, the server's would pass for self-signed.
    let mut params = named("podschool-ca");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![
        KeyUsagePurpose::KeyCertSign,
        KeyUsagePurpose::DigitalSignature,
    ];
    params
}
