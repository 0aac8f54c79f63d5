"""boto3: clients and resources made from their data files, a request signed."""

import boto3
from six.moves import urllib

if __name__ == "__main__":
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "eu-west-1"}
    client = boto3.client("s3", **keys)
    assert client.generate_presigned_url("get_object", Params={"Bucket": "b", "Key": "k"})
    boto3.resource("dynamodb", **keys).Table("t")
    assert urllib.parse.quote("a b")
