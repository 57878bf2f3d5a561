"""The plugin keeps the contract."""

from invoicer_s3_pdfs import S3PdfsPlugin

from invoicer_core.plugin.testing import PluginContract


class TestS3Pdfs(PluginContract):
    plugin = S3PdfsPlugin
    settings = {
        "bucket": "invoices-of-acme",
        "access_key": "AKIA000000000000",
        "secret_key": "never/shown/never/shown",
    }
