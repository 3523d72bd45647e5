"""All routes of the registry."""

from fastapi import APIRouter

from services.kit import delays

from . import api, arena_api, files

router = APIRouter()
router.include_router(files.router)
router.include_router(api.router)
router.include_router(arena_api.router)
router.include_router(delays.router)
