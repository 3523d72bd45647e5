"""All routes of the registry."""

from fastapi import APIRouter

from . import api, files

router = APIRouter()
router.include_router(files.router)
router.include_router(api.router)
