"""What a file is called by its beginning: ours, or another format by its name."""

import json

import pytest

from utils.dataset.formats import coco, cvat, voc, yolo
from utils.dataset.formats.annotation import RawAnnotation
from utils.dataset.formats.recognise import ADVICE, READ, advice, sniff

RAW = RawAnnotation(("with_mask",), ((1.0, 2.0, 30.0, 40.5),), (100, 80))
OURS = {
    "voc": voc.write("a.jpg", 100, 80, RAW.names, RAW.boxes),
    "yolo": yolo.write(100, 80, RAW.names, RAW.boxes, RAW.names),
    "coco": coco.write({"a.jpg": RAW}, RAW.names),
    "cvat": cvat.write({"a.jpg": RAW}, RAW.names),
}
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"
EXAMPLE = (90).to_bytes(8, "little") + b"\1\2\3\4" + b"\x0a\x58" + bytes(90)
THEIRS = {
    "CVAT for video": b"<annotations><version>1.1</version><track id='0' label='a'/></annotations>",
    "LabelMe JSON": {"version": "5.0", "flags": {}, "shapes": [], "imagePath": "a.jpg"},
    "LabelMe XML": b"<annotation><filename>a</filename><object><polygon/></object></annotation>",
    "VIA JSON": {"a.jpg123": {"filename": "a.jpg", "size": 123, "regions": []}},
    "VIA CSV": b"#filename,file_size,region_count,region_shape_attributes\na.jpg,1,1,x\n",
    "CreateML JSON": [{"image": "a.jpg", "annotations": [{"label": "m", "coordinates": {"x": 1}}]}],
    "Label Studio JSON": [{"id": 1, "data": {"image": "a.jpg"}, "annotations": [{"result": []}]}],
    "Labelbox JSON": [{"ID": "a", "Labeled Data": "a.jpg", "Label": {}}],
    "Supervisely JSON": {"description": "", "tags": [], "size": {"height": 1}, "objects": []},
    "Datumaro JSON": {"info": {}, "categories": {}, "items": [{"id": "a", "annotations": []}]},
    "VoTT JSON": {"asset": {"format": "jpg"}, "regions": [], "version": "2.2.0"},
    "PaliGemma JSONL": {"image": "a.jpg", "prefix": "detect mask", "suffix": "<loc0001> mask"},
    "FiftyOne JSON": {"samples": [{"filepath": "a.jpg"}]},
    "Medical Masks JSON": {"FileName": "1801.jpg", "NumOfAnno": 1, "Annotations": []},
    "Ground Truth manifest": {"source-ref": "s3://bucket/a.jpg", "mask": {"annotations": []}},
    "COCO results": [{"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.9}],
    "COCO captions": {"images": [], "annotations": [{"image_id": 1, "caption": "a man"}]},
    "COCO panoptic": {"images": [], "annotations": [{"segments_info": []}], "categories": []},
    "dlib XML": b"<dataset><images><image file='a'><box top='1'/></image></images></dataset>",
    "TFRecord": EXAMPLE,
    "OpenImages CSV": b"ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax\na,x,m,1,0,1,0,1\n",
    "TensorFlow CSV": b"filename,width,height,class,xmin,ymin,xmax,ymax\na.jpg,9,9,mask,1,1,2,2\n",
    "a table (CSV)": b"name,age,mask\na,1,2\n",
    "ImageSets list": b"img_001\nimg_002\n",
    "a list of photographs": b"data/obj_train_data/a.jpg\ndata/obj_train_data/b.jpg\n",
    "keras-yolo3 list": b"images/a.jpg 10,20,30,40,0 50,60,70,80,1\nimages/b.jpg 1,2,3,4,0\n",
    "WIDER FACE list": b"0--Parade/a.jpg\n1\n449 330 122 149 0 0 0 0 0 0\n",
    "KITTI": b"Mask 0.0 0 0.0 587.0 156.0 615.0 189.0 0.0 0.0 0.0 0.0 0.0 0.0 0.0\n",
    "boxes with class names": b"Human face 10.0 20.0 30.5 40.0\nmask 1 2 3 4\n",
    "MOT": b"1,1,912,484,97,109,1,1,0.9\n",
    "a Git-LFS pointer": LFS,
    "a web page": b"<!DOCTYPE html><html><body>Please sign in",
}


def as_bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else json.dumps(value).encode()


@pytest.mark.parametrize("name", READ)
def test_what_is_read_is_recognised(name):
    assert sniff(OURS[name]) == name
    assert sniff(b"\xef\xbb\xbf" + OURS[name]) == name
    assert sniff(OURS[name].replace(b"\n", b"\r\n")) == name


@pytest.mark.parametrize("name", ADVICE)
def test_what_is_not_read_is_called_by_its_name_and_what_to_do_is_told(name):
    assert sniff(as_bytes(THEIRS[name])) == name
    assert len(advice(name)) > 5


def test_other_lists_of_tools_are_recognised():
    project = {"_via_settings": {}, "_via_img_metadata": {}}
    assert sniff(as_bytes(project)) == "VIA JSON"
    small = [{"image": "a.jpg", "id": 1, "annotator": 1, "label": [], "lead_time": 2.0}]
    assert sniff(as_bytes(small)) == "Label Studio JSON"


def test_the_beginning_of_a_large_file_is_enough():
    images = [{"id": n, "file_name": f"{n}.jpg", "width": 9, "height": 9} for n in range(20_000)]
    record = {"info": {}, "categories": [], "images": images, "annotations": []}
    assert sniff(as_bytes(record)) == "coco"
    assert sniff(as_bytes(record)[:500]) == "coco"
    assert sniff(as_bytes({"images": images[:2]})) == "coco"  # its reader says what is missing
    rows = b"0 0.5 0.5 0.25 0.25\n" * 100_000
    assert sniff(rows) == "yolo"
    line = b"0 " + b"0.123456 0.234567 " * 500 + b"\n"
    start = (line * 100)[: 256 * 1024 // len(line) * len(line)]
    assert sniff(start + b" " * (256 * 1024 - len(start) - 3) + b"0 0.5 0.5 0.1 0.1\n") == "yolo"
    many = {f"{n}.jpg": RAW for n in range(2000)}
    assert sniff(cvat.write(many, RAW.names)[:3000]) == "cvat"


def test_the_title_of_a_web_page_is_told():
    page = b"<html><head><title>Sign in \n to Kaggle</title></head><body>"
    assert sniff(page) == "a web page 'Sign in to Kaggle'"
    assert "download it again" in advice(sniff(page))


@pytest.mark.parametrize(
    "data", [b"", b" \n", b"\0\1\2", b"\xff\xd8\xff\xe0", b"<svg/>", b"{}", b"[1, 2]", b"a b c d\n"]
)
def test_what_nothing_tells_is_not_guessed(data):
    assert sniff(data) is None
