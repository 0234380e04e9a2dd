//! A certificate authority for one control plane or registry: ECDSA P-256, keys in PKCS#8.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use openssl::asn1::Asn1Time;
use openssl::bn::{BigNum, MsbOption};
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::x509::extension::{BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAlternativeName};
use openssl::x509::{X509, X509Builder, X509Name, X509NameBuilder};

/// A certificate and its private key, both PEM.
#[derive(Clone)]
pub struct Pair {
    pub certificate: String,
    pub key: String,
}

/// Who may sign: made anew for each control plane, or read back from the folder of a running one.
pub struct Authority {
    certificate: X509,
    key: PKey<Private>,
}

impl Authority {
    pub fn new(name: &str) -> Result<Self> {
        let key = new_key()?;
        let mut builder = started(name, &[], &key)?;
        let subject = subject(name, &[])?;
        builder.set_issuer_name(&subject)?;
        builder.append_extension(BasicConstraints::new().critical().ca().build()?)?;
        builder.append_extension(KeyUsage::new().critical().key_cert_sign().crl_sign().digital_signature().build()?)?;
        builder.sign(&key, MessageDigest::sha256())?;
        Ok(Self { certificate: builder.build(), key })
    }

    pub fn read(pair: &Pair) -> Result<Self> {
        Ok(Self {
            certificate: X509::from_pem(pair.certificate.as_bytes())?,
            key: PKey::private_key_from_pem(pair.key.as_bytes())?,
        })
    }

    pub fn pair(&self) -> Result<Pair> {
        pair(&self.certificate, &self.key)
    }

    pub fn certificate(&self) -> Result<String> {
        Ok(String::from_utf8(self.certificate.to_pem()?)?)
    }

    /// A client's certificate: Kubernetes reads the user from the common name and the groups from the organizations.
    pub fn client(&self, user: &str, groups: &[&str]) -> Result<Pair> {
        let key = new_key()?;
        let mut builder = started(user, groups, &key)?;
        builder.append_extension(ExtendedKeyUsage::new().client_auth().build()?)?;
        self.signed(builder, &key)
    }

    /// A server's certificate for loopback and for these further names.
    pub fn server(&self, name: &str, names: &[&str]) -> Result<Pair> {
        let key = new_key()?;
        let mut builder = started(name, &[], &key)?;
        builder.append_extension(ExtendedKeyUsage::new().server_auth().client_auth().build()?)?;
        let mut alternatives = SubjectAlternativeName::new();
        alternatives.ip("127.0.0.1").ip("::1").dns("localhost");
        for further in names {
            match further.parse::<std::net::IpAddr>() {
                Ok(_) => alternatives.ip(further),
                Err(_) => alternatives.dns(further),
            };
        }
        let extension = alternatives.build(&builder.x509v3_context(Some(&self.certificate), None))?;
        builder.append_extension(extension)?;
        self.signed(builder, &key)
    }

    fn signed(&self, mut builder: X509Builder, key: &PKey<Private>) -> Result<Pair> {
        builder.set_issuer_name(self.certificate.subject_name())?;
        builder.append_extension(BasicConstraints::new().critical().build()?)?;
        builder.append_extension(KeyUsage::new().critical().digital_signature().key_encipherment().build()?)?;
        builder.sign(&self.key, MessageDigest::sha256())?;
        pair(&builder.build(), key)
    }
}

impl Pair {
    /// Writes `NAME.crt` and `NAME.key`.
    pub fn write(&self, folder: &Path, name: &str) -> Result<()> {
        fs::write(folder.join(format!("{name}.crt")), &self.certificate).context("writing a certificate")?;
        fs::write(folder.join(format!("{name}.key")), &self.key).context("writing a key")?;
        Ok(())
    }

    pub fn read(folder: &Path, name: &str) -> Result<Self> {
        let read = |ending: &str| {
            let path = folder.join(format!("{name}.{ending}"));
            fs::read_to_string(&path).with_context(|| format!("{}", path.display()))
        };
        Ok(Self { certificate: read("crt")?, key: read("key")? })
    }
}

/// A key pair for signing tokens: private and public half, PEM.
pub(crate) fn signing_keys() -> Result<(String, String)> {
    let key = new_key()?;
    Ok((String::from_utf8(key.private_key_to_pem_pkcs8()?)?, String::from_utf8(key.public_key_to_pem()?)?))
}

fn new_key() -> Result<PKey<Private>> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
    Ok(PKey::from_ec_key(EcKey::generate(&group)?)?)
}

fn started(name: &str, groups: &[&str], key: &PKey<Private>) -> Result<X509Builder> {
    let mut serial = BigNum::new()?;
    serial.rand(120, MsbOption::MAYBE_ZERO, false)?;
    let (serial, from, to) =
        (serial.to_asn1_integer()?, Asn1Time::from_unix(a_day_ago())?, Asn1Time::days_from_now(30)?);
    let mut builder = X509::builder()?;
    builder.set_version(2)?;
    builder.set_serial_number(&serial)?;
    builder.set_not_before(&from)?;
    builder.set_not_after(&to)?;
    builder.set_pubkey(key)?;
    let subject = subject(name, groups)?;
    builder.set_subject_name(&subject)?;
    Ok(builder)
}

fn subject(name: &str, groups: &[&str]) -> Result<X509Name> {
    let mut subject = X509NameBuilder::new()?;
    for group in groups {
        subject.append_entry_by_nid(Nid::ORGANIZATIONNAME, group)?;
    }
    subject.append_entry_by_nid(Nid::COMMONNAME, name)?;
    Ok(subject.build())
}

fn a_day_ago() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_secs()).unwrap_or(i64::MAX).saturating_sub(86_400)
}

fn pair(certificate: &X509, key: &PKey<Private>) -> Result<Pair> {
    Ok(Pair {
        certificate: String::from_utf8(certificate.to_pem()?)?,
        key: String::from_utf8(key.private_key_to_pem_pkcs8()?)?,
    })
}
